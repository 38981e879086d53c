"""Benchmark of searches in an index of a million decisions over thirty days, with an assumed network delay.

The services search as they do behind the HTTP API, with the real boto3 client. The segments lie in memory, and every
request waits as long as bench/prices.toml assumes for S3. Each past day is one segment plus two with later labels;
the last day has segments of three levels, as it has on the day itself. "first" is with an empty cache, "again" with
what earlier searches left in the cache.
"""

from __future__ import annotations

import os
import statistics
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tollgate.adapters import clients
from tollgate.adapters.s3.ranges import ObjectRanges, RangeCache
from tollgate.adapters.s3.segments import DayTotalStore, SegmentStore
from tollgate.core.events.event_type import FRAUD, LEGITIMATE
from tollgate.core.search.entry import Entry, EntryKind, Rows
from tollgate.core.search.query import Query
from tollgate.core.search.segment import write_segment
from tollgate.core.search.segment_names import SegmentName
from tollgate.services.search.index import keep_day_totals
from tollgate.services.search.read import Days, IndexReader, read_index
from tollgate.services.search.search import find_page
from tollgate.services.search.summarize import serialize_summary, summarize_segments

from bench._figures import add_count, make_parser, write_figures
from bench.serving.memory_s3 import MemoryS3
from localstack.emulator import CREDENTIALS

DETECTOR, BUCKET = "payments", "bench"
PRICES = Path(__file__).with_name("prices.toml")
KEPT_BYTES = 256 << 20
VERSION = "20261125-c91864f5af9570cb"
KINDS = (
    EntryKind("approve", VERSION),
    EntryKind("review", VERSION, (("new device, large", False),)),
    EntryKind("block", VERSION),
)
# Segments that the last day has of each level, and the share of its rows in all of a level.
TODAY = ((0, 12, 0.01), (1, 12, 0.12), (2, 8, 0.87))
Search = Callable[[SegmentStore], int]


@dataclass(frozen=True)
class Timed:
    """How long a search took, in milliseconds, and what it asked of S3 the first time."""

    title: str
    first_ms: float
    again_ms: float
    requests: int
    found: int


def write_index(s3: MemoryS3, last: date, days: int, rows: int) -> None:
    """Put the segments of all days into the bucket."""
    for back in range(days):
        day = last - timedelta(days=back)
        entries = list(make_entries(day, rows // days, Random(back)))
        if back:
            labeled = [entry for number, entry in enumerate(entries) if number % 40 == 0]
            batches = [entries, *(list(_label(labeled[part::2], Random(part))) for part in (0, 1))]
        else:
            batches = list(_of_today(entries))
        for batch in batches:
            content = write_segment(Rows.of(batch))
            s3.put(SegmentName.of(DETECTOR, day.isoformat(), 0, 1_795_000_000, content).key, content)


def open_segments(s3: MemoryS3, client: Any) -> SegmentStore:  # noqa: ANN401 - boto3's
    """Return segments of which nothing is kept in memory yet."""
    return SegmentStore(ObjectRanges(client, BUCKET, clients.credentials, s3.answer), RangeCache(KEPT_BYTES))


def keep_sums(s3: MemoryS3, client: Any, last: date, days: int) -> None:  # noqa: ANN401 - boto3's
    """Keep the sums of the days that are over, as the index function does."""
    named = [(last - timedelta(days=back)).isoformat() for back in range(days)]
    store = open_segments(s3, client)
    keep_day_totals(store, DayTotalStore(client, BUCKET), DETECTOR, named)


def make_entries(day: date, count: int, chance: Random) -> Iterator[Entry]:
    """Yield the decisions of a day: 20,000 customers, 800 merchants, a tenth of a percent blocked, two reviewed."""
    began_us = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 10**6
    for number in range(count):
        decided_us = began_us + number * (86_400_000 // max(count, 1)) * 1000
        risk = chance.random() ** 12
        customer = chance.randrange(20_000)
        yield Entry(
            sequence=str(decided_us * 10**9 + chance.randrange(10**9)),
            event_id=f"p-{day:%m%d}-{number:08d}-{chance.randrange(10**6):06d}",
            decided_us=decided_us,
            time_us=decided_us - chance.randrange(5) * 10**6,
            score=int(1000 * risk**0.5),
            probability=risk,
            amount=round(chance.lognormvariate(3.5, 1), 2),
            kind=KINDS[(risk > 0.78) + (risk > 0.99)],
            entities={
                "customer": f"c{customer:06d}",
                "merchant": f"m{chance.randrange(800):05d}",
                "device": f"d{customer + chance.randrange(2) * 20_000:06d}",
                "ip": f"10.{customer % 250}.{chance.randrange(250)}.{customer % 241}",
            },
        )


def _label(entries: list[Entry], chance: Random) -> Iterator[Entry]:
    for entry in entries:
        label = FRAUD if chance.random() < (entry.probability or 0) else LEGITIMATE
        yield replace(entry, sequence=str(int(entry.sequence) + 10**21), label=label, known_us=entry.decided_us)


def _of_today(entries: list[Entry]) -> Iterator[list[Entry]]:
    start = 0
    for _, segments, share in TODAY:
        for _ in range(segments):
            size = max(1, int(len(entries) * share / segments))
            yield entries[start : start + size]
            start += size


def searches(last: date, days: int) -> Iterator[tuple[str, Search]]:
    """Yield what is searched for, as pages of the dashboard do."""
    month = Days(DETECTOR, last - timedelta(days=days - 1), last)
    today, past = Days(DETECTOR, last, last), Days(DETECTOR, last - timedelta(days=9), last - timedelta(days=9))
    yield "today, newest", _list(today, Query())
    yield "a past day, by score", _list(past, Query(sort="score"))
    yield (
        "reviews of 7 days without a label, by money at risk",
        _list(
            Days(DETECTOR, last - timedelta(days=6), last),
            Query(outcomes=("review",), label="none", sort="money_at_risk"),
        ),
    )
    yield "a customer's payments", _list(month, Query(entity=("customer", "c001234"), limit=200))
    yield "a device's payments", _list(month, Query(entity=("device", "d001234"), limit=200))
    yield "a merchant's newest payments", _list(month, Query(entity=("merchant", "m00123")))
    yield "scores from 950, newest", _list(month, Query(scores=(950, 1000)))
    yield "a rule's payments", _list(month, Query(rule="new device, large", limit=200))
    yield "missed frauds, by amount", _list(month, Query(outcomes=("approve",), label="fraud", sort="amount"))
    yield "largest amounts", _list(month, Query(sort="amount", limit=200))
    yield "summary of today", _summarize(today)
    yield "summary of all days", _summarize(month)


def _list(days: Days, query: Query) -> Search:
    return lambda store: len(list(read_index(store, days, lambda reader: find_page(reader, query)).entries()))


def _summarize(days: Days) -> Search:
    def summarize(reader: IndexReader) -> int:
        kept = DayTotalStore(reader.store.s3, BUCKET)
        summaries = summarize_segments(reader, DETECTOR, kept)
        return len([serialize_summary(day, summary) for day, summary in summaries.items()])

    return lambda store: read_index(store, days, summarize)


def measure(s3: MemoryS3, client: Any, title: str, search: Search, runs: int) -> Timed:  # noqa: ANN401 - boto3's
    """Time a search with nothing kept, and then again."""
    first, again = [], []
    requests = found = 0
    for _ in range(runs):
        store = open_segments(s3, client)
        s3.requests.clear()
        first.append(_time(lambda store=store: search(store)))  # type: ignore[misc]
        requests = s3.requests.total()
        again.append(_time(lambda store=store: search(store)))  # type: ignore[misc]
        found = search(store)
    return Timed(title, statistics.median(first), statistics.median(again), requests, found)


def _time(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    parser = make_parser(__doc__)
    add_count(parser, "--rows", 1_000_000, "decisions in the index")
    add_count(parser, "--days", 30, "days that the decisions are spread over")
    add_count(parser, "--runs", 5, "times to run each search")
    asked = parser.parse_args()
    assumed = tomllib.loads(PRICES.read_text(encoding="utf-8"))["assumed_ms"]
    s3 = MemoryS3(BUCKET, {"get": assumed["s3_get"], "list": assumed["s3_list"]})
    os.environ.update(CREDENTIALS)
    client: Any = clients.s3()
    client.meta.events.register("before-send.s3", s3.answer)
    last = datetime.now(UTC).date()
    began = time.perf_counter()
    write_index(s3, last, asked.days, asked.rows)
    keep_sums(s3, client, last, asked.days)
    took_s, size_mb = time.perf_counter() - began, sum(s3.sizes_bytes()) / 1e6
    print(
        f"{asked.rows:,} decisions in {len(s3.sizes_bytes())} segments, {size_mb:.0f} MB, written in {took_s:.0f} s\n"
    )
    print(f"  {'milliseconds':54}{'first':>8}{'again':>8}{'requests':>10}{'found':>7}")
    timed = []
    for title, search in searches(last, asked.days):
        one = measure(s3, client, title, search, asked.runs)
        print(f"  {title:54}{one.first_ms:>8.0f}{one.again_ms:>8.0f}{one.requests:>10}{one.found:>7}", flush=True)
        timed.append(one)
    figures = {
        "search_worst_first_ms": max(one.first_ms for one in timed),
        "search_worst_again_ms": max(one.again_ms for one in timed),
        "index_mb": size_mb,
    }
    write_figures(asked.json, figures)


if __name__ == "__main__":
    main()
