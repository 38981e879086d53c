"""DynamoDB in memory, as far as a decision needs it: what is measured is our own work, not a network's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Item = dict[str, Any]


class MemoryDynamoDB:
    """Answers `batch_get_item` and `transact_write_items` as boto3's client does, for puts and plain updates.

    Conditions hold: a benchmark has one writer, and a new event each time. What is written is carried out by `settle`,
    which a benchmark calls outside its watch: in AWS it happens on another machine.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Item]] = {}
        self._waiting: list[Mapping[str, Any]] = []

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        """Return the items that there are."""
        self.settle()
        responses: dict[str, list[Item]] = {}
        for table, request in RequestItems.items():
            held = self.tables.setdefault(table, {})
            pks = [key["pk"]["S"] for key in request["Keys"]]
            responses[table] = [dict(held[pk]) for pk in pks if pk in held]
        return {"Responses": responses, "UnprocessedKeys": {}}

    def transact_write_items(self, *, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Write every action."""
        self._waiting.extend(TransactItems)
        return {}

    def settle(self) -> None:
        """Carry out what was written."""
        for action in self._waiting:
            if put := action.get("Put"):
                self.tables.setdefault(put["TableName"], {})[put["Item"]["pk"]["S"]] = put["Item"]
            if update := action.get("Update"):
                self._update(update)
        self._waiting.clear()

    def _update(self, update: Mapping[str, Any]) -> None:
        # A process that starts under a watch has no use for it before its first answer.
        from tests.fakes.expressions import compile_update  # noqa: PLC0415

        pk = update["Key"]["pk"]["S"]
        item = self.tables.setdefault(update["TableName"], {}).setdefault(pk, {"pk": {"S": pk}})
        change = compile_update(update["UpdateExpression"])
        change(item, update.get("ExpressionAttributeNames", {}), update["ExpressionAttributeValues"])
