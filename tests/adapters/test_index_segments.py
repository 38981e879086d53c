"""Segments in the bucket: read in ranges, kept in memory, searched and summed up, against what is in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.awsrequest import AWSPreparedRequest
from tollgate.adapters.s3.ranges import RangeCache, connect
from tollgate.adapters.s3.segments import DayTotalStore, SegmentGoneError, SegmentStore
from tollgate.core.events.event_type import FRAUD
from tollgate.core.search.entry import Entry, Rows, join
from tollgate.core.search.query import Query
from tollgate.core.search.segment import read_head, write_segment
from tollgate.core.search.segment_names import SegmentName
from tollgate.core.search.summary import Summary
from tollgate.services.search.read import Days, read_index
from tollgate.services.search.search import find_page
from tollgate.services.search.summarize import summarize_segments

from tests.core.index.entries import DAY_US, label_some, make_entries
from tests.services.backend import Backend

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator
DAY = datetime.fromtimestamp(DAY_US / 1e6, UTC).date()
ENTRIES = make_entries(6_000)
LABELLED = label_some(ENTRIES[::40])


@pytest.fixture
def store(empty_backend: Backend) -> SegmentStore:
    return replace(empty_backend.container.segments, cache=RangeCache(64 << 20))


def counted(store: SegmentStore) -> tuple[SegmentStore, list[str]]:
    """Return the same segments, and which ranges are asked of S3 from now on."""
    asked: list[str] = []

    def send(request: AWSPreparedRequest) -> object:
        asked.append(str(request.headers["Range"]))
        return connect(store.s3)(request)

    return replace(store, ranges=replace(store.ranges, send=send)), asked


def write(store: SegmentStore, entries: list[Entry], day: str = DAY.isoformat(), level: int = 0) -> SegmentName:
    content = write_segment(Rows.of(entries))
    name = SegmentName.of("payments", day, level, 1_764_200_000, content)
    store.write(name, content)
    return name


def test_segments_are_found_by_day(store: SegmentStore) -> None:
    days = [(DAY + timedelta(days=number)).isoformat() for number in range(4)]
    names = [write(store, ENTRIES[number : number + 1], day) for number, day in enumerate(days)]
    store.s3.put_object(Bucket=store.bucket, Key=f"index/payments/{days[1]}/something-else", Body=b"")
    store.s3.put_object(Bucket=store.bucket, Key=names[1].key.replace("payments", "payments2"), Body=b"")
    assert store.find("payments", days[1], days[2]) == names[1:3]


def test_ranges_are_what_lies_there_and_are_asked_for_once(store: SegmentStore) -> None:
    name = write(store, ENTRIES)
    content = write_segment(Rows.of(ENTRIES))
    assert len(content) > 300_000
    store, asked = counted(store)
    head = store.head(name)
    assert head == read_head(content)
    spans = [head.block_range(block) for block in (0, 1, len(head.zones) - 1)] + [head.summary_range]
    for _ in range(2):
        assert store.read(name, spans) == [content[slice(*span)] for span in spans]
    assert len(asked) <= 3
    assert store.read_whole(name) == content


def test_little_memory_changes_nothing_but_what_is_asked_for(store: SegmentStore) -> None:
    little = replace(store, cache=RangeCache(10_000))
    name = write(store, ENTRIES)
    content = write_segment(Rows.of(ENTRIES))
    spans = [little.head(name).block_range(block) for block in range(5)]
    for _ in range(2):
        assert little.read(name, spans) == [content[slice(*span)] for span in spans]


def test_a_segment_that_was_merged_meanwhile_is_told(store: SegmentStore) -> None:
    name = write(store, ENTRIES[:10])
    store.delete([name])
    with pytest.raises(SegmentGoneError):
        store.head(name)


def test_kept_ranges_stay_within_their_limit() -> None:
    cache = RangeCache(100)
    for number in range(20):
        cache.put(("key", number, number + 30), bytes(30))
        assert cache.get(("key", 0, 30)) == bytes(30)  # what is asked for stays
    kept = [number for number in range(20) if cache.get(("key", number, number + 30))]
    assert kept == [0, 18, 19]


@pytest.mark.parametrize(
    "query",
    [
        Query(limit=200),
        Query(entity=("customer", "c7"), limit=200),
        Query(outcomes=("block",), sort="amount"),
        Query(label=FRAUD, sort="money_at_risk", limit=7),
        Query(scores=(990, 1000), sort="score", limit=200),
        Query(rule="far away", entity=("device", "d1"), sort="amount"),
    ],
)
def test_a_page_is_what_reading_everything_gives(store: SegmentStore, query: Query) -> None:
    write(store, ENTRIES)
    write(store, LABELLED, level=1)
    page = read_index(store, Days("payments", DAY, DAY), lambda reader: find_page(reader, query))
    everything = join([Rows.of(ENTRIES), Rows.of(LABELLED)])
    expected = query.page(query.select(everything))
    assert len(expected) > 0
    assert list(page.entries()) == list(expected.entries())


@pytest.mark.parametrize("others", [[LABELLED], [ENTRIES[:100]], [LABELLED[::2], LABELLED[1::2], ENTRIES[50:60]], []])
def test_sums_are_those_of_the_latest_rows(store: SegmentStore, others: list[list[Entry]]) -> None:
    for entries in (ENTRIES, *others):
        write(store, entries)
    days, kept = Days("payments", DAY, DAY), DayTotalStore(store.s3, store.bucket)
    (summary,) = read_index(store, days, lambda reader: summarize_segments(reader, "payments", kept)).values()
    assert summary == Summary.of(join([Rows.of(ENTRIES), *map(Rows.of, others)]).latest())
