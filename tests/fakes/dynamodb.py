"""DynamoDB in memory: tables whose every request is carried out whole before the next one.

A method answers as boto3's client of the same name does; what it refuses is raised as `AwsError`. Items are given and
returned as the client has them, with bytes under B.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.fakes.errors import AwsError, invalid
from tests.fakes.expressions import Item, compile_condition, compile_update, placeholders, project, write_number
from tests.fakes.item_size import item_bytes
from tests.fakes.table_streams import Changes

Json = dict[str, Any]
_MAX_ITEM_BYTES = 400 * 1024
_MAX_PAGE_BYTES = 1 << 20
_MAX_READ_BYTES = 16 << 20
_MAX_KEYS = _MAX_ACTIONS = 100
_MAX_KEY_BYTES = 2048
_FAILED = "The conditional request failed"


@dataclass
class Table:
    """Items by the value of their one key, and the indexes' keys of sorting and listing."""

    name: str
    key: str
    indexes: Mapping[str, tuple[str, str]]
    changes: Changes | None
    items: dict[str, Item] = field(default_factory=dict)

    def key_of(self, given: Mapping[str, Any]) -> str:
        """Return the value of the key in an item or a request's key."""
        value = given.get(self.key, {}).get("S")
        if value is None:
            raise invalid("The provided key element does not match the schema")
        if not value or len(value.encode()) > _MAX_KEY_BYTES:
            raise invalid("One or more parameter values were invalid: the key is empty or longer than 2048 bytes")
        return str(value)

    def replace(self, key: str, item: Item | None) -> None:
        """Store an item in place of another, or none; a change is told to the table's stream."""
        before = self.items.get(key)
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = item
        if self.changes is not None and before != item:
            self.changes.tell(self.key, before, item)


class DynamoDB:
    """Tables by name. Any number of threads may use it."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self._lock = threading.RLock()

    def create_table(self, **request: Any) -> Json:  # noqa: ANN401 - as boto3's client
        name = request["TableName"]
        with self._lock:
            if name in self.tables:
                raise AwsError("ResourceInUseException", f"Table already exists: {name}")
            listed = {
                index["IndexName"]: tuple(part["AttributeName"] for part in index["KeySchema"])
                for index in request.get("GlobalSecondaryIndexes", ())
            }
            streams = request.get("StreamSpecification", {}).get("StreamEnabled")
            (key,) = request["KeySchema"]
            self.tables[name] = Table(name, key["AttributeName"], listed, Changes(name) if streams else None)
        return self.describe_table(TableName=name, _as="TableDescription")

    def describe_table(self, *, TableName: str, _as: str = "Table") -> Json:
        table = self._table(TableName)
        streamed = {"LatestStreamArn": table.changes.arn} if table.changes else {}
        return {_as: {"TableName": TableName, "TableStatus": "ACTIVE", **streamed}}

    def delete_table(self, *, TableName: str) -> Json:
        with self._lock:
            self._table(TableName)
            del self.tables[TableName]
        return {"TableDescription": {"TableName": TableName, "TableStatus": "DELETING"}}

    def get_item(self, *, TableName: str, Key: Item, **_: object) -> Json:
        with self._lock:
            table = self._table(TableName)
            found = table.items.get(table.key_of(Key))
        return {"Item": dict(found)} if found is not None else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any], **_: object) -> Json:
        asked = sum(len(request["Keys"]) for request in RequestItems.values())
        if asked > _MAX_KEYS:
            raise invalid("Too many items requested for the BatchGetItem call")
        responses: dict[str, list[Item]] = {name: [] for name in RequestItems}
        unread: dict[str, Any] = {}
        # Few items are never more than an answer holds, so they need not be measured.
        read_bytes, may_be_too_much = 0, asked * _MAX_ITEM_BYTES > _MAX_READ_BYTES
        with self._lock:
            for name, request in RequestItems.items():
                table = self._table(name)
                keys = [table.key_of(key) for key in request["Keys"]]
                if len(set(keys)) < len(keys):
                    raise invalid("Provided list of item keys contains duplicates")
                for place, key in enumerate(keys):
                    item = table.items.get(key)
                    read_bytes += item_bytes(item) if item and may_be_too_much else 0
                    if read_bytes > _MAX_READ_BYTES:
                        unread[name] = {**request, "Keys": request["Keys"][place:]}
                        break
                    if item is not None:
                        responses[name].append(dict(item))
        return {"Responses": responses, "UnprocessedKeys": unread}

    def put_item(self, **request: Any) -> Json:  # noqa: ANN401 - as boto3's client
        return self._write("Put", request)

    def update_item(self, **request: Any) -> Json:  # noqa: ANN401 - as boto3's client
        return self._write("Update", request)

    def delete_item(self, **request: Any) -> Json:  # noqa: ANN401 - as boto3's client
        return self._write("Delete", request)

    def _write(self, kind: str, request: Mapping[str, Any]) -> Json:
        with self._lock:
            table, key, after = self._prepare(kind, request)
            if after is _REFUSED:
                raise AwsError("ConditionalCheckFailedException", _FAILED)
            table.replace(key, after)
        return {"Attributes": dict(after)} if request.get("ReturnValues") == "ALL_NEW" and after else {}

    def transact_write_items(self, *, TransactItems: Sequence[Mapping[str, Any]], **_: object) -> Json:
        if len(TransactItems) > _MAX_ACTIONS:
            raise invalid("Member must have length less than or equal to 100")
        with self._lock:
            prepared = [self._prepare(kind, request) for action in TransactItems for kind, request in action.items()]
            if len({(table.name, key) for table, key, _ in prepared}) < len(prepared):
                raise invalid("Transaction request cannot include multiple operations on one item")
            if any(after is _REFUSED for _, _, after in prepared):
                raise _cancelled([after is _REFUSED for _, _, after in prepared])
            for (table, key, after), action in zip(prepared, TransactItems, strict=True):
                if "ConditionCheck" not in action:
                    table.replace(key, after)
        return {}

    def _prepare(self, kind: str, request: Mapping[str, Any]) -> tuple[Table, str, Any]:
        """Return the table, the key and the item as it would be after a write, `_REFUSED` where a condition fails."""
        table = self._table(request["TableName"])
        key = table.key_of(request["Item" if kind == "Put" else "Key"])
        names = request.get("ExpressionAttributeNames", {})
        values = request.get("ExpressionAttributeValues", {})
        condition, update = request.get("ConditionExpression", ""), request.get("UpdateExpression", "")
        _check_used(names, values, condition, update)
        before = table.items.get(key)
        if condition and not compile_condition(condition)(before or {}, names, values):
            return table, key, _REFUSED
        if kind == "Delete":
            return table, key, None
        if kind == "Put":
            after = {name: _normal(value) for name, value in request["Item"].items()}
        else:
            after = dict(before or request.get("Key", {}))
            if update:
                compile_update(update)(after, names, {name: _normal(value) for name, value in values.items()})
        if item_bytes(after) > _MAX_ITEM_BYTES:
            raise invalid("Item size has exceeded the maximum allowed size")
        return table, key, after

    def scan(self, *, TableName: str, **request: Any) -> Json:  # noqa: ANN401 - as boto3's client
        with self._lock:
            table = self._table(TableName)
            items = list(table.items.items())
        if start := request.get("ExclusiveStartKey"):
            after = table.key_of(start)
            place = next((at for at, (key, _) in enumerate(items) if key == after), -1)
            items = items[place + 1 :]
        page = _first_page([item for _, item in items], request.get("Limit"))
        more = {"LastEvaluatedKey": {table.key: page[-1][table.key]}} if len(page) < len(items) else {}
        return {**_chosen(page, request, request.get("FilterExpression")), **more}

    def query(self, *, TableName: str, **request: Any) -> Json:  # noqa: ANN401 - as boto3's client
        with self._lock:
            table = self._table(TableName)
            listed_by, sorted_by = table.indexes[request["IndexName"]]
            items = [item for item in table.items.values() if listed_by in item and sorted_by in item]
        names, values = request.get("ExpressionAttributeNames", {}), request["ExpressionAttributeValues"]
        wanted = compile_condition(request["KeyConditionExpression"])
        found = sorted(
            (item for item in items if wanted(item, names, values)),
            key=lambda item: item[sorted_by]["S"].encode(),
            reverse=not request.get("ScanIndexForward", True),
        )
        if start := request.get("ExclusiveStartKey"):
            place = next(at for at, item in enumerate(found) if item[table.key] == start[table.key])
            found = found[place + 1 :]
        page = _first_page(found, request.get("Limit"))
        last = {name: page[-1][name] for name in (table.key, listed_by, sorted_by)} if page else {}
        more = {"LastEvaluatedKey": last} if len(page) < len(found) else {}
        return {**_chosen(page, request, request.get("FilterExpression")), **more}

    def _table(self, name: str) -> Table:
        if name not in self.tables:
            raise AwsError("ResourceNotFoundException", "Requested resource not found")
        return self.tables[name]


_REFUSED = object()


def _cancelled(failed: Sequence[bool]) -> AwsError:
    reasons = [{"Code": "ConditionalCheckFailed", "Message": _FAILED} if one else {"Code": "None"} for one in failed]
    told = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{told}]"
    return AwsError("TransactionCanceledException", message, CancellationReasons=reasons)


def _check_used(names: Mapping[str, Any], values: Mapping[str, Any], *expressions: str) -> None:
    unused = (names.keys() | values.keys()) - placeholders(*expressions)
    if unused:
        raise invalid(f"Value unused in expressions: keys: {{{', '.join(sorted(unused))}}}")


def _normal(value: Mapping[str, Any]) -> Item:
    return {"N": write_number(Decimal(value["N"]))} if "N" in value else dict(value)


def _first_page(items: Sequence[Item], limit: int | None) -> list[Item]:
    page: list[Item] = []
    size_bytes = 0
    for item in items:
        if size_bytes >= _MAX_PAGE_BYTES or len(page) == limit:
            break
        page.append(item)
        size_bytes += item_bytes(item)
    return page


def _chosen(page: Sequence[Item], request: Mapping[str, Any], filtered: str | None) -> Json:
    names, values = request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {})
    kept = [item for item in page if not filtered or compile_condition(filtered)(item, names, values)]
    items = project(kept, request.get("ProjectionExpression"), names)
    return {"Items": items, "Count": len(items), "ScannedCount": len(page)}
