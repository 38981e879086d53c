"""Batches in DynamoDB: one item per batch, in the table of decisions, with its status, its progress and its lease."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from tollgate.adapters.dynamodb.items import Item, fit_key, get_items
from tollgate.adapters.errors import code_behind, translated
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LISTING = "batches"
_OURS = "lease = :lease"
# Neither held, nor done, nor given up for the same message. A lease that nobody renewed has run out.
_FREE = (
    "(attribute_not_exists(lease) OR held_until < :now) AND (attribute_not_exists(#status) OR "
    "(#status <> :done AND NOT (#status = :failed AND #message = :message AND #message <> :none)))"
)


@dataclass(frozen=True)
class Lease:
    """The right to work on a batch, until ``until_s`` (seconds since 1970); ``message`` is what it is worked for."""

    batch_id: str
    token: str
    message: str
    until_s: float


class BatchProgress(TypedDict, total=False):
    """How far a batch is, as its item and the API have it. ``rows_total`` is an estimate by the bytes read."""

    phase: str
    rows: int
    failed: int
    rows_total: int | None
    rows_total_estimated: bool
    bytes: int
    size_bytes: int
    recorded: int
    started_at: str | None
    heartbeat_at: str


@dataclass(frozen=True)
class BatchState:
    """What is known of a batch.

    ``run`` counts the runs that worked on it, ``tries`` those since it last came further. ``mark`` is part of the names
    of its results; ``checkpoint`` says which one the next run goes on from.
    """

    batch_id: str
    detector: str
    filename: str
    object: str
    status: str
    reason: str | None = None
    created_at: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    rows: int | None = None
    scored: int | None = None
    failed: int | None = None
    progress: BatchProgress | None = None
    checkpoint: str | None = None
    mark: str = ""
    run: int = 0
    tries: int = 0
    trouble: str | None = None
    lease: str | None = None
    message: str | None = None
    held_until: int = 0

    @classmethod
    def of(cls, item: Item) -> BatchState:
        """Read an item."""
        plain = {name: _plain(value) for name, value in item.items() if name in cls.__dataclass_fields__}
        known = {name: value for name, value in plain.items() if value is not None}
        if "progress" in known:
            known["progress"] = json.loads(known["progress"])
        return cls(**known)


@dataclass(frozen=True)
class BatchTable:
    """The states of batches. What a run writes is written only while it has the lease."""

    client: DynamoDBClient
    table: str

    def announce(self, file: BatchFile, now: str) -> None:
        """Note that a file will be uploaded."""
        self._update(file.batch_id, {**_described(file), **_listed(file, now), "status": "waiting"}, once=_ONCE)

    def take(self, file: BatchFile, lease: Lease, mark: str, now: str, now_s: float) -> BatchState | None:
        """Take the lease and count the run; None if another has it, or nothing is left to do."""
        values: dict[str, str | int] = {
            **_described(file), **_listed(file, now), "status": "running", "mark": mark, "started_at": now,
            "lease": lease.token, "held_until": _milliseconds(lease.until_s), "message": lease.message,
        }  # fmt: skip
        return self._update(
            file.batch_id,
            values,
            once={*_ONCE, "mark", "started_at"},
            counted=("run", "tries"),
            removed=("reason", "finished_at"),
            condition=_FREE,
            compared={"now": _milliseconds(now_s), "done": "done", "failed": "failed", "none": ""},
        )

    def renew(self, lease: Lease, progress: BatchProgress) -> bool:
        """Put off the end of the lease and note how far the run is; False if another run has taken the lease."""
        values: dict[str, str | int] = {"held_until": _milliseconds(lease.until_s), "progress": json.dumps(progress)}
        return self._update_ours(lease, values) is not None

    def keep(self, lease: Lease, checkpoint: str, progress: BatchProgress) -> bool:
        """Make a checkpoint the one to resume from; False if another run has taken the lease."""
        values: dict[str, str | int] = {"checkpoint": checkpoint, "progress": json.dumps(progress), "tries": 0}
        return self._update_ours(lease, values) is not None

    def end(
        self, lease: Lease, status: str, progress: BatchProgress, removed: tuple[str, ...], **more: str | int
    ) -> BatchState | None:
        """Give the lease back and say how it ended; None if another run has taken the lease."""
        values: dict[str, str | int] = {"status": status, "progress": json.dumps(progress), **more}
        return self._update_ours(lease, values, removed=("lease", "held_until", *removed))

    def find(self, batch_id: str) -> BatchState | None:
        """Return the state of a batch, None if there is none."""
        return self.look([batch_id]).get(batch_id)

    def look(self, batch_ids: Sequence[str]) -> dict[str, BatchState]:
        """Return the states of batches by id; unknown ids are left out."""
        keys = {batch_key(batch_id): batch_id for batch_id in batch_ids}
        items = get_items(self.client, {self.table: list(keys)})[self.table]
        return {keys[pk]: BatchState.of(item) for pk, item in items.items()}

    def page(self, limit: int, cursor: str | None) -> tuple[list[BatchState], str | None]:
        """Return batches, newest first, and the cursor of the next page if there is one."""
        request: dict[str, Any] = {
            "TableName": self.table, "IndexName": "listing", "KeyConditionExpression": "lk = :lk",
            "ExpressionAttributeValues": {":lk": {"S": _LISTING}}, "ScanIndexForward": False, "Limit": limit,
        }  # fmt: skip
        if cursor:
            request["KeyConditionExpression"] += " AND ls < :before"
            request["ExpressionAttributeValues"][":before"] = {"S": cursor}
        with translated():
            items = self.client.query(**request)["Items"]
        return [BatchState.of(item) for item in items], items[-1]["ls"]["S"] if len(items) == limit else None

    def _update_ours(
        self, lease: Lease, values: Mapping[str, str | int], removed: tuple[str, ...] = ()
    ) -> BatchState | None:
        return self._update(lease.batch_id, values, removed=removed, condition=_OURS, compared={"lease": lease.token})

    def _update(
        self,
        batch_id: str,
        values: Mapping[str, str | int],
        *,
        once: frozenset[str] | set[str] = frozenset(),
        counted: tuple[str, ...] = (),
        removed: tuple[str, ...] = (),
        condition: str = "",
        compared: Mapping[str, str | int] | None = None,
    ) -> BatchState | None:
        """Set attributes, those in ``once`` where they are absent; return the state, or None if the condition fails."""
        sets = [
            f"#{name} = if_not_exists(#{name}, :{name})" if name in once else f"#{name} = :{name}" for name in values
        ]
        sets += [f"#{name} = if_not_exists(#{name}, :zero) + :one" for name in counted]
        named = {**values, **(compared or {}), **({"zero": 0, "one": 1} if counted else {})}
        request: dict[str, Any] = {
            "TableName": self.table,
            "Key": {"pk": {"S": batch_key(batch_id)}},
            "UpdateExpression": f"SET {', '.join(sets)}"
            + (f" REMOVE {', '.join(f'#{name}' for name in removed)}" if removed else ""),
            "ExpressionAttributeNames": {f"#{name}": name for name in {*values, *counted, *removed}},
            "ExpressionAttributeValues": {f":{name}": _to_attribute(value) for name, value in named.items()},
            "ReturnValues": "ALL_NEW",
        }
        if condition:
            request["ConditionExpression"] = condition
        try:
            with translated():
                return BatchState.of(self.client.update_item(**request)["Attributes"])
        except UnavailableError as error:
            if code_behind(error) == "ConditionalCheckFailedException":
                return None
            raise


_ONCE = frozenset({"created_at", "ls"})


def batch_key(batch_id: str) -> str:
    """Return the pk of a batch's state."""
    return fit_key(f"b#{batch_id}")


def _described(file: BatchFile) -> dict[str, str]:
    return {"batch_id": file.batch_id, "detector": file.detector, "filename": file.filename, "object": file.key}


def _listed(file: BatchFile, now: str) -> dict[str, str]:
    return {"created_at": now, "ls": f"{now}#{file.batch_id}", "lk": _LISTING}


def _milliseconds(time_s: float) -> int:
    return int(time_s * 1000)


def _to_attribute(value: str | int) -> dict[str, Any]:
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _plain(attribute: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a text, a number or nothing
    return int(attribute["N"]) if "N" in attribute else attribute.get("S")
