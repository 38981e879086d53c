"""Searching end to end: the API decides and labels, the table's stream feeds the index, the API finds."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import boto3
import pytest
from tollgate.adapters.dynamodb.decisions import decision_key

from localstack.deployment import connection
from localstack.running import RunningStack, call
from localstack.stream import deliver_all, map_function
from localstack.table_source import TableSource
from tests.integration.test_whole_path import read_events

pytestmark = pytest.mark.emulator
CUSTOMER = "searched customer"


def ask(stack: RunningStack, path: str, **terms: object) -> dict[str, Any]:
    return call(stack.deployment, "GET", f"{path}?{urlencode(terms, quote_via=quote)}")


def ids(answer: dict[str, Any]) -> list[str]:
    return [one["event_id"] for one in answer["decisions"]]


def wait_for(found: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not found():
        assert time.monotonic() < deadline, f"not found within {timeout_s} s"
        time.sleep(0.2)


def decide(stack: RunningStack, prefix: str, count: int, customer: str) -> list[dict[str, Any]]:
    events = [
        {**event, "event_id": f"{prefix}-{number}", "customer_id": customer}
        for number, event in enumerate(read_events(stack)[:count])
    ]
    return [call(stack.deployment, "POST", "/v1/decisions", {"event": event}) for event in events]


def test_what_was_decided_and_labelled_is_found(tollgate: RunningStack) -> None:
    decided = decide(tollgate, "searched", 5, CUSTOMER)
    labels = [{"event_id": "searched-1", "label": "fraud"}]
    assert call(tollgate.deployment, "POST", "/v1/labels", {"labels": labels})["accepted"] == 1
    of_customer: dict[str, Any] = {"entity": f"customer:{CUSTOMER}"}
    wait_for(lambda: ids(ask(tollgate, "/v1/decisions", **of_customer, label="fraud")) == ["searched-1"])
    found = ask(tollgate, "/v1/decisions", **of_customer)
    assert ids(found) == [f"searched-{n}" for n in (4, 3, 2, 1, 0)]
    assert datetime.fromisoformat(found["indexed_until"]).date() == datetime.now(UTC).date()
    for one, answer in zip(reversed(found["decisions"]), decided, strict=True):
        assert {name: answer[name] for name in ("score", "probability", "outcome", "decided_at")}.items() <= one.items()
    day = decided[0]["decided_at"][:10]
    outcome, score = decided[2]["outcome"], decided[2]["score"]
    by_all = {"day": day, "outcome": outcome, "from_score": score, "to_score": score, "label": "none", **of_customer}
    assert "searched-2" in ids(ask(tollgate, "/v1/decisions", **by_all))
    (summary,) = ask(tollgate, "/v1/summaries", **{"from": day, "to": day})["days"]
    assert summary["decisions"] >= 5
    assert sum(one["decisions"] for one in summary["outcomes"] if one["label"] == "fraud") >= 1


def test_a_record_that_cannot_be_read_is_given_up_and_no_other(tollgate: RunningStack) -> None:
    table = boto3.client("dynamodb", **connection(tollgate.emulator.endpoint_url))
    source = TableSource(tollgate.emulator.endpoint_url, tollgate.deployment.decisions_table, 20)
    mapping, given_up = map_function(tollgate.emulator.endpoint_url, "IndexFunction")
    deliver_all(mapping, source)
    decide(tollgate, "before", 3, "before and after")
    poison: Any = {"pk": {"S": decision_key("payments", "poison")}, "d": {"B": b"no decision"}}
    table.put_item(TableName=tollgate.deployment.decisions_table, Item=poison)
    decide(tollgate, "after", 3, "before and after")
    assert deliver_all(mapping, source) == 7
    ((message),) = given_up
    # It comes again with those behind it, which are indexed all the same.
    assert message["DDBStreamBatchInfo"]["batchSize"] == 4
    found = ask(tollgate, "/v1/decisions", entity="customer:before and after")
    assert sorted(ids(found)) == sorted(f"{when}-{n}" for when in ("before", "after") for n in range(3))
