"""The index of decisions: what the table's stream adds to it, whatever the order, repetition and faults."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from random import Random

import pytest
from tollgate.core.search.segment_names import SegmentName, choose_to_merge
from tollgate.errors import UnavailableError
from tollgate.handlers.index import handler
from tollgate.services.search import index as indexing
from tollgate.services.search.index import merge_segments
from tollgate.services.search.summarize import summarize_decisions
from tollgate.services.search.terms import SearchTerms

from tests.services.backend import DETECTOR, Backend, forget_storage
from tests.services.decision_stream import Record
from tests.services.faulty_endpoint import faulty_endpoint
from tests.services.indexed import index, search

pytest_plugins = ("tests.services.backend_fixture", "tests.services.index_fixture")
pytestmark = pytest.mark.emulator


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is merged but by the test itself."""
    monkeypatch.setattr(indexing, "_ONE_IN", 10**40)


def today() -> date:
    return datetime.now(UTC).date()


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
    while merge_segments(backend.container.segments, DETECTOR, today().isoformat(), is_over=True):
        assert search(backend, limit=200) == expected
        assert summarize_decisions(backend.container, SearchTerms())["days"] == counted


def test_a_repeated_lot_is_one_segment(backend: Backend, records: list[Record]) -> None:
    for _ in range(3):
        index(records, lot=50)
    assert len(backend.keys("index/")) == 1


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
    assert merge_segments(backend.container.segments, DETECTOR, day, is_over=True)
    assert len(backend.keys("index/")) == 1
    assert merge_segments(backend.container.segments, DETECTOR, day, is_over=True) is None


@pytest.mark.usefixtures("quiet")
def test_mergers_and_readers_at_once_lose_and_double_nothing(backend: Backend, records: list[Record]) -> None:
    index(records, lot=1)
    expected, day = search(backend, limit=200), today().isoformat()
    counted = summarize_decisions(backend.container, SearchTerms())["days"]

    def merge(number: int) -> None:
        while merge_segments(backend.container.segments, DETECTOR, day, is_over=number % 2 == 1):
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
