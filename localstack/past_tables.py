"""Tables of a running deployment filled with a backfill; the table's stream indexes it, as always."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import boto3
from tollgate import clock
from tollgate.adapters.dynamodb.histories import HistoryTable, history_key
from tollgate.core.batched import batched
from tollgate.settings import Settings

from localstack.deployment import Deployment, connection
from localstack.past import Backfill

# What BatchWriteItem takes.
_BATCH_ROWS = 25
_DAY_S = 86_400
_MONTH_DAYS = 31
_INDEXED_WITHIN_S = 120.0


class BackfillError(Exception):
    """The past cannot be searched; the message says what is missing."""


def write_backfill(past: Backfill, deployment: Deployment) -> None:
    """Add what a past left to the histories, and write its decisions."""
    client: Any = boto3.client("dynamodb", **connection(deployment.endpoint_url))
    version, now_s = past.version, clock.now_s()
    additions = (
        (history_key(version.history_space, entity, key), sums)
        for entity, sums_by_key in past.added.items()
        for key, sums in sums_by_key.items()
    )
    histories = HistoryTable(client, deployment.history_table)
    expires_s = now_s + version.history.forgotten_after_s
    deque(histories.add_in_batches(f"{version.history_space}#past", additions, expires_s, once=True), maxlen=0)
    kept_until_s = now_s + Settings.decision_days * _DAY_S
    items = [record.to_item(version.detector, kept_until_s) for record in past.records.values()]
    for batch in batched(items, _BATCH_ROWS):
        _write_batch(client, deployment.decisions_table, batch)


def _write_batch(client: Any, table: str, items: Sequence[Mapping[str, Any]]) -> None:  # noqa: ANN401 - boto3's
    left: Any = {table: [{"PutRequest": {"Item": item}} for item in items]}
    while left:
        left = client.batch_write_item(RequestItems=left)["UnprocessedItems"]


def wait_for_index(ask: Callable[[str], Mapping[str, Any]], wanted: int) -> None:
    """Wait until so many decisions of the last month can be searched; ``ask`` gets a path from the API.

    Raises `BackfillError` when that takes too long.
    """
    today, deadline = clock.today(), time.monotonic() + _INDEXED_WITHIN_S
    days = urlencode({"from": today - timedelta(days=_MONTH_DAYS), "to": today})
    while (found := sum(day["decisions"] for day in ask(f"/v1/summaries?{days}")["days"])) < wanted:
        if time.monotonic() > deadline:
            raise BackfillError(
                f"Only {found:,} of {wanted:,} decisions were in the index after {_INDEXED_WITHIN_S:.0f} seconds."
            )
        time.sleep(0.5)
