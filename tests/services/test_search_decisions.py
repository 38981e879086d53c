"""Searches of decisions: terms, entities, pages and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.errors import InputError
from tollgate.handlers.index import read_change
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision
from tollgate.services.labels.label import label_events
from tollgate.services.search.search import search_decisions
from tollgate.services.search.summarize import summarize_decisions
from tollgate.services.search.terms import SearchTerms

from tests.services.backend import DETECTOR, Backend, Payment
from tests.services.decision_stream import Record, read_stream
from tests.services.indexed import Found, index, search

pytest_plugins = ("tests.services.backend_fixture", "tests.services.index_fixture")
pytestmark = pytest.mark.emulator


def ids(found: Found) -> list[str]:
    return [one["event_id"] for one in found]


def read_stored(records: Sequence[Record]) -> dict[str, DecisionRecord]:
    """The decisions as they stand after all records."""
    found = (read_change(record).record for record in records)
    return {record.decision.event_id: record for record in found}


def test_a_decision_is_found_as_it_was_made(backend: Backend, payments: list[Payment], records: list[Record]) -> None:
    index(records)
    (found,) = (one for one in search(backend, limit=200) if one["event_id"] == payments[0]["event_id"])
    record = read_stored(records)[payments[0]["event_id"]]
    stored = record.decision
    for name in ("score", "probability", "outcome", "decided_at", "detector_version", "braked", "forced"):
        assert found[name] == getattr(stored, name), name
    assert found["degraded"] is (stored.degraded is not None)
    assert record.known_s is not None
    known_at = datetime.fromtimestamp(record.known_s, UTC)
    assert found["label"]["label"] == record.label == "legitimate"
    assert abs((datetime.fromisoformat(found["label"]["known_at"]) - known_at).total_seconds()) < 0.01
    assert found["amount"] == payments[0]["amount"]
    assert found["money_at_risk"] == payments[0]["amount"] * stored.probability
    columns = {"customer": "customer_id", "merchant": "merchant_id", "device": "device_id", "ip": "ip"}
    assert found["entities"] == {entity: payments[0][column] for entity, column in columns.items()}
    assert datetime.fromisoformat(found["timestamp"]) == datetime.fromisoformat(payments[0]["timestamp"])


@pytest.mark.parametrize(
    "terms",
    [
        {"label": "fraud"},
        {"label": "none", "sort": "money_at_risk"},
        {"from_score": 500},
        {"to_score": 499, "sort": "score"},
        {"outcome": "approve", "sort": "amount"},
        {"outcome": "block", "label": "legitimate"},
    ],
)
def test_searches_find_what_the_table_holds(backend: Backend, records: list[Record], terms: dict[str, Any]) -> None:
    index(records)
    wanted = {
        event_id
        for event_id, record in read_stored(records).items()
        if terms.get("outcome") in (None, record.decision.outcome)
        and terms.get("label") in (None, record.label or "none")
        and terms.get("from_score", 0) <= record.decision.score <= terms.get("to_score", 1000)
    }
    found = search(backend, limit=200, **terms)
    assert set(ids(found)) == wanted
    assert len(found) == len(wanted)
    value = {"newest": "decided_at"}.get(terms.get("sort", "newest"), terms.get("sort", ""))
    assert [one[value] for one in found] == sorted((one[value] for one in found), reverse=True)


def test_an_entity_finds_its_payments(backend: Backend, payments: list[Payment], records: list[Record]) -> None:
    index(records)
    for entity, column in (("customer", "customer_id"), ("merchant", "merchant_id"), ("device", "device_id")):
        key = payments[3][column]
        found = search(backend, entity=f"{entity}:{key}")
        assert set(ids(found)) == {payment["event_id"] for payment in payments if payment[column] == key}
    assert search(backend, entity="customer:nobody") == []


def test_an_entity_is_found_under_any_spelling_of_its_number(backend: Backend, payment: Payment) -> None:
    # The second as it was kept before a whole number had one key.
    for event_id, customer in (("e1", "36.0"), ("e2", "37")):
        decide_event(backend.container, {**payment, "event_id": event_id, "customer_id": customer})
    decisions = backend.container.decisions
    record = decisions.find(DETECTOR, "e2")
    assert record is not None
    earlier = replace(record, entities={**record.entities, "customer": "36.0"})
    backend.dynamodb.put_item(TableName=decisions.table, Item=earlier.to_item(DETECTOR, 2e9))
    index(read_stream(backend))
    assert set(ids(search(backend, entity="customer:36"))) == {"e1", "e2"}
    assert set(ids(search(backend, entity="customer:36.0"))) == {"e1", "e2"}


def test_pages_follow_each_other(backend: Backend, records: list[Record]) -> None:
    index(records)
    listed, cursor = [], None
    for _ in range(6):
        answer = search_decisions(backend.container, SearchTerms(sort="amount", limit=7, cursor=cursor))
        listed += ids(answer["decisions"])
        cursor = answer["cursor"]
    assert cursor is None
    assert listed == ids(search(backend, sort="amount", limit=200))
    assert len(listed) == 40


def test_a_label_moves_a_decision(backend: Backend, payment: Payment) -> None:
    decide_event(backend.container, payment)
    index(read_stream(backend))
    assert ids(search(backend, label="none")) == [payment["event_id"]]
    label_events(backend.container, [{"event_id": payment["event_id"], "label": "fraud"}])
    index(read_stream(backend)[1:])
    assert search(backend, label="none") == []
    (found,) = search(backend, label="fraud")
    assert found["label"]["label"] == "fraud"
    (day,) = summarize_decisions(backend.container, SearchTerms())["days"]
    assert [(one["label"], one["decisions"]) for one in day["outcomes"]] == [("fraud", 1)]


def test_answers_tell_how_far_the_index_is(backend: Backend, payment: Payment) -> None:
    assert search_decisions(backend.container, SearchTerms())["indexed_until"] is None
    decide_event(backend.container, payment)
    index(read_stream(backend))
    written = datetime.fromisoformat(search_decisions(backend.container, SearchTerms())["indexed_until"])
    decided = datetime.fromisoformat(find_decision(backend.container, payment["event_id"]).decided_at)
    assert abs((written - decided).total_seconds()) < 60
    long_ago = SearchTerms(first=date(2020, 1, 1), last=date(2020, 1, 2))
    assert search_decisions(backend.container, long_ago)["indexed_until"] == written.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"last": date(2026, 1, 1)}, "to needs from"),
        ({"first": date(2026, 1, 2), "last": date(2026, 1, 1)}, "exchange them"),
        ({"first": date(2026, 1, 1), "last": date(2026, 6, 1)}, "152 days; ask for 92"),
        ({"from_score": 5, "to_score": 4}, "exchange them"),
        ({"entity": "customer"}, "name and its key"),
        ({"entity": "custommer:c1"}, 'did you mean "customer"'),
        ({"entity": "customer_merchant:c1"}, "pair of columns"),
        ({"cursor": "nonsense"}, "begin without it"),
        ({"cursor": "WyJhIiwxLDIsLTFd"}, "begin without it"),  # ["a",1,2,-1]
        ({"cursor": "WyJhIiwxLDFlMzAsMV0"}, "begin without it"),  # ["a",1,1e30,1]
    ],
)
def test_terms_that_cannot_be_met_are_told(backend: Backend, terms: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        search_decisions(backend.container, SearchTerms(**terms))


def test_a_cursor_fits_its_own_search_alone(backend: Backend, records: list[Record]) -> None:
    index(records)
    cursor = search_decisions(backend.container, SearchTerms(limit=5))["cursor"]
    assert search_decisions(backend.container, SearchTerms(limit=9, cursor=cursor))["decisions"]
    with pytest.raises(InputError, match="another search"):
        search_decisions(backend.container, SearchTerms(limit=5, cursor=cursor, sort="score"))
