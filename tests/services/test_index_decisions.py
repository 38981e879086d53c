"""The index: decisions and labels from the table's stream, and what is found of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.search.segment_names import SegmentName, choose_to_merge
from tollgate.errors import InputError, UnavailableError
from tollgate.handlers.index import handler, read_change
from tollgate.services.decisions.decide import decide_event
from tollgate.services.decisions.find import find_decision
from tollgate.services.labels.label import label_events
from tollgate.services.search import index as indexing
from tollgate.services.search.index import merge_segments
from tollgate.services.search.search import search_decisions
from tollgate.services.search.summarize import summarize_decisions
from tollgate.services.search.terms import SearchTerms

from tests.services.backend import DETECTOR, Backend, Payment, forget_storage
from tests.services.decision_stream import Record, read_stream
from tests.services.faulty_endpoint import faulty_endpoint

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator
Found = list[dict[str, Any]]
_RECORDS: list[Record] = []


def index(records: Sequence[Record], lot: int = 7) -> None:
    for start in range(0, len(records), lot):
        assert handler({"Records": list(records[start : start + lot])}, None) == {"batchItemFailures": []}


def search(backend: Backend, **terms: Any) -> Found:  # noqa: ANN401 - whatever is searched for
    found: Found = search_decisions(backend.container, SearchTerms(**terms))["decisions"]
    return found


def ids(found: Found) -> list[str]:
    return [one["event_id"] for one in found]


def read_stored(records: Sequence[Record]) -> dict[str, DecisionRecord]:
    """The decisions as they stand after all records."""
    found = (read_change(record).record for record in records)
    return {record.decision.event_id: record for record in found}


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is merged but by the test itself."""
    monkeypatch.setattr(indexing, "_ONE_IN", 10**40)


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def payments(later_payments: list[Payment]) -> list[Payment]:
    return later_payments[:40]


@pytest.fixture
def records(backend: Backend, payments: list[Payment]) -> list[Record]:
    """Forty decisions, some of them with a label, one with two, and a label that waits for an unknown event.

    They are made once: what is indexed of them does not depend on the table that they came from.
    """
    if not _RECORDS:
        _RECORDS.extend(make_records(backend, payments))
    return list(_RECORDS)


def make_records(backend: Backend, payments: list[Payment]) -> list[Record]:
    for payment in payments:
        decide_event(backend.container, payment)
    labels = [
        {"event_id": payment["event_id"], "label": label}
        for payment, label in zip(payments[:6], ["fraud", "legitimate"] * 3, strict=True)
    ]
    label_events(backend.container, [*labels, {"event_id": "nobody", "label": "fraud"}])
    label_events(backend.container, [{"event_id": payments[0]["event_id"], "label": "legitimate"}])
    return read_stream(backend)


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


def test_the_stream_tells_of_decisions_and_their_labels_alone(records: list[Record]) -> None:
    assert len(records) == 40 + 6 + 1


@pytest.mark.parametrize("seed", range(3))
def test_order_repetition_and_cuts_change_nothing(backend: Backend, records: list[Record], seed: int) -> None:
    index(records)
    expected = search(backend, limit=200)
    counted = summarize_decisions(backend.container, SearchTerms())["days"]
    chance = Random(seed)
    again = records + chance.sample(records, 20)
    chance.shuffle(again)
    index(again, lot=chance.randrange(1, 20))
    assert search(backend, limit=200) == expected
    assert summarize_decisions(backend.container, SearchTerms())["days"] == counted
    while merge_segments(backend.container, DETECTOR, today().isoformat(), is_over=True):
        assert search(backend, limit=200) == expected
        assert summarize_decisions(backend.container, SearchTerms())["days"] == counted


def test_a_repeated_lot_is_one_segment(backend: Backend, records: list[Record]) -> None:
    for _ in range(3):
        index(records, lot=50)
    assert len(backend.keys("index/")) == 1


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


def test_an_unreadable_record_is_named_and_the_others_are_indexed(backend: Backend, records: list[Record]) -> None:
    bad = json.loads(json.dumps(records[3], default=str))
    bad["dynamodb"]["NewImage"]["d"]["B"] = "bm90IHBhY2tlZA=="
    answer = handler({"Records": [*records[:3], bad, *records[4:9]]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": bad["dynamodb"]["SequenceNumber"]}]}
    assert len(search(backend)) == 8


def test_many_segments_are_merged_and_the_merged_ones_deleted(
    backend: Backend, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_ONE_IN", 1)
    index(records, lot=2)
    keys = backend.keys("index/")
    assert len(keys) == 24 - 16 + 1
    assert sum(f"/{today()}/000001-" in key for key in keys) == 1
    assert len(search(backend, limit=200)) == 40


@pytest.mark.usefixtures("quiet")
def test_a_day_that_is_over_is_merged_whole(backend: Backend, records: list[Record]) -> None:
    index(records, lot=2)
    day = today().isoformat()
    assert merge_segments(backend.container, DETECTOR, day, is_over=True)
    assert len(backend.keys("index/")) == 1
    assert merge_segments(backend.container, DETECTOR, day, is_over=True) is None


@pytest.mark.usefixtures("quiet")
def test_mergers_and_readers_at_once_lose_and_double_nothing(backend: Backend, records: list[Record]) -> None:
    index(records, lot=1)
    expected, day = search(backend, limit=200), today().isoformat()
    counted = summarize_decisions(backend.container, SearchTerms())["days"]

    def merge(number: int) -> None:
        while merge_segments(backend.container, DETECTOR, day, is_over=number % 2 == 1):
            pass
        index(records[number * 4 : number * 4 + 8], lot=3)  # a function that comes late writes again what was merged

    with ThreadPoolExecutor(8) as pool:
        merging = [pool.submit(merge, number) for number in range(8)]
        while True:
            is_last = all(one.done() for one in merging)
            assert search(backend, limit=200) == expected
            assert summarize_decisions(backend.container, SearchTerms())["days"] == counted
            if is_last:
                break
        for one in merging:
            one.result()


def test_a_bucket_that_does_not_answer_gives_the_lot_back(
    backend: Backend, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    with faulty_endpoint(backend.environment["AWS_ENDPOINT_URL"]) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        forget_storage()
        endpoint.faults["PUT /"] = "refuse"
        with pytest.raises(UnavailableError):
            handler({"Records": records[:5]}, None)
        endpoint.faults.clear()
        endpoint.faults["list-type"] = "refuse"
        index(records[:5])  # what cannot be merged now is merged later
        endpoint.faults.clear()
        assert len(search(backend)) == 5


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


def test_segments_are_chosen_by_level_on_the_day_and_all_together_afterwards() -> None:
    def name(number: int, level: int = 0, size_bytes: int = 1000) -> SegmentName:
        return SegmentName("payments", "2026-11-26", level, number, f"{number:032x}", size_bytes)

    small = [name(number) for number in range(15)]
    assert choose_to_merge([*small, name(99, level=1)], is_over=False) == []
    assert set(choose_to_merge([*small, name(15), name(99, level=1)], is_over=False)) == {*small, name(15)}
    assert len(choose_to_merge([*small, name(99, level=1)], is_over=True)) == 16
    assert choose_to_merge(small[:3], is_over=True) == []
    huge = [name(number, size_bytes=9 << 20) for number in range(20)]
    assert choose_to_merge(huge, is_over=False) == choose_to_merge(huge, is_over=True) == []
    assert set(choose_to_merge([*small[:4], *huge], is_over=True)) >= set(small[:4])
    assert SegmentName.read(small[0].key, 1000) == small[0]
    assert SegmentName.read("index/payments/2026-11-26/else", 1) is None
