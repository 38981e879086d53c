"""Requests to DynamoDB: batched reads, transactions, retries, and errors in Tollgate's own terms."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from tollgate.adapters.errors import error_code, translated
from tollgate.errors import ConflictError, TollgateError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Item = Mapping[str, Any]
Batch = TypeVar("Batch")
Read = TypeVar("Read")
# One TransactWriteItems call takes 100 actions, one BatchGetItem 100 keys.
MAX_ACTIONS = 100
_MAX_KEY_BYTES = 2048
_ATTEMPTS = 10
_READERS = 8


def fit_key(pk: str) -> str:
    """Return a pk that DynamoDB takes: the same, or its beginning and its hash when it is too long."""
    if len(pk.encode()) <= _MAX_KEY_BYTES:
        return pk
    return f"{pk[:100]}#sha256#{hashlib.sha256(pk.encode()).hexdigest()}"


def pause(attempt: int) -> None:
    """Wait a random moment that grows with the attempt: up to 20 ms, 40 ms … 1 s."""
    time.sleep(random.uniform(0, min(0.02 * 2**attempt, 1.0)))


def get_items(
    client: DynamoDBClient, keys: Mapping[str, Sequence[str]], attempts: int = _ATTEMPTS
) -> dict[str, dict[str, Item]]:
    """Read items by table and pk, consistently: table → pk → item, absent ones left out.

    Keys that stay unread under load are asked for again, ``attempts`` times in all; then `UnavailableError` is raised.
    """
    found: dict[str, dict[str, Item]] = {table: {} for table in keys}
    wanted = [(table, pk) for table, pks in keys.items() for pk in dict.fromkeys(pks)]
    batches = [wanted[start : start + MAX_ACTIONS] for start in range(0, len(wanted), MAX_ACTIONS)]
    for batch in _map(lambda batch: list(_get_batch(client, batch, attempts)), batches):
        for table, item in batch:
            found[table][item["pk"]["S"]] = item
    return found


def _map(read: Callable[[Batch], Read], batches: Sequence[Batch]) -> Iterator[Read]:
    """Read batches, several at a time where there are several."""
    if len(batches) < 2:
        yield from map(read, batches)
        return
    with ThreadPoolExecutor(_READERS) as pool:
        yield from pool.map(read, batches)


def _get_batch(client: DynamoDBClient, wanted: Sequence[tuple[str, str]], attempts: int) -> Iterator[tuple[str, Item]]:
    request: dict[str, Any] = {}
    for table, pk in wanted:
        request.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append({"pk": {"S": pk}})
    return _get_all(client, request, attempts)


def _get_all(client: DynamoDBClient, request: dict[str, Any], attempts: int) -> Iterator[tuple[str, Item]]:
    for attempt in range(attempts):
        with translated():
            answer = client.batch_get_item(RequestItems=request)
        for table, items in answer["Responses"].items():
            for item in items:
                yield table, item
        request = dict(answer.get("UnprocessedKeys", {}))
        if not request:
            return
        pause(attempt)
    raise UnavailableError("DynamoDB left keys unread under load; try again.")


class ConditionFailedError(TollgateError):
    """Conditions did not hold, so nothing was written. ``places`` are those of the actions that had them."""

    def __init__(self, places: Collection[int]) -> None:
        super().__init__("A condition of the transaction did not hold.")
        self.places = places


def write_together(client: DynamoDBClient, actions: Sequence[Any]) -> None:
    """Write up to 100 actions, all or none. Conflicts with other writers are tried again.

    Raises `ConditionFailedError` when a condition does not hold, `ConflictError` when conflicts go on.
    """
    for attempt in range(_ATTEMPTS):
        try:
            with translated():
                client.transact_write_items(TransactItems=actions)
        except UnavailableError as error:
            cause = error.__cause__
            if not isinstance(cause, ClientError) or error_code(cause) not in (
                "TransactionCanceledException",
                "TransactionInProgressException",
            ):
                raise
            reasons: Sequence[Mapping[str, Any]] = cause.response.get("CancellationReasons", [])
            codes = {reason.get("Code") for reason in reasons}
            if "ConditionalCheckFailed" in codes:
                failed = [place for place, one in enumerate(reasons) if one.get("Code") == "ConditionalCheckFailed"]
                raise ConditionFailedError(failed) from None
            if not codes & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"} and codes:
                raise
            pause(attempt)
        else:
            return
    raise ConflictError("Too many writers met on the same entity; try again.")
