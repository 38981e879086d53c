"""Sums of days that are over: kept by the index function, and never of other segments than the day has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tollgate.adapters.s3.ranges import ObjectRanges
from tollgate.core.events.event_type import FRAUD
from tollgate.core.search.entry import Entry, Rows
from tollgate.core.search.segment import write_segment
from tollgate.core.search.segment_names import SegmentName
from tollgate.errors import UnavailableError
from tollgate.handlers.index import handler
from tollgate.services.decisions.decide import decide_event
from tollgate.services.search import index as indexing
from tollgate.services.search.index import keep_day_totals, merge_segments
from tollgate.services.search.summarize import summarize_decisions
from tollgate.services.search.terms import SearchTerms

from tests.core.index.entries import label_some, make_entries
from tests.services.backend import DETECTOR, Backend, Payment, forget_storage
from tests.services.decision_stream import read_stream

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator
ENTRIES = make_entries(400)
READ = ObjectRanges.read


def day(back: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=back)


def write(backend: Backend, back: int, entries: list[Entry]) -> None:
    content = write_segment(Rows.of(entries))
    backend.container.segments.write(
        SegmentName.of(DETECTOR, day(back).isoformat(), 0, 1_764_200_000, content), content
    )


def keep(backend: Backend, *backs: int) -> None:
    container = backend.container
    keep_day_totals(container.segments, container.day_totals, DETECTOR, [day(back).isoformat() for back in backs])


def ask(backend: Backend, most_back: int = 3) -> list[dict[str, Any]]:
    days: list[dict[str, Any]] = summarize_decisions(backend.container, SearchTerms(first=day(most_back), last=day(0)))[
        "days"
    ]
    return days


def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the keys of segments that are read from now on."""
    asked: list[str] = []

    def read(ranges: ObjectRanges, key: str, start: int, stop: int) -> bytes:
        asked.append(key)
        return READ(ranges, key, start, stop)

    monkeypatch.setattr(ObjectRanges, "read", read)
    return asked


def index_one(backend: Backend, payment: Payment) -> None:
    decide_event(backend.container, payment)
    assert handler({"Records": read_stream(backend)}, None) == {"batchItemFailures": []}


def sums_of(backend: Backend) -> list[str]:
    return [key for key in backend.keys("index/") if "/sums-" in key]


def test_days_that_are_kept_are_not_read_again(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    for back in range(3):
        write(backend, back, ENTRIES[: 100 + back])
    added_up = ask(backend)
    assert [one["decisions"] for one in added_up] == [102, 101, 100]
    keep(backend, 0, 1, 2)
    forget_storage()
    asked = asked_for(monkeypatch)
    assert ask(backend) == added_up
    assert asked
    assert all(f"/{day(0)}/" in key for key in asked)


def test_what_comes_later_counts_at_once(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    write(backend, 1, ENTRIES)
    keep(backend, 1)
    write(backend, 1, label_some(ENTRIES[::4]))
    expected = ask(backend)
    assert any(one["label"] == FRAUD for one in expected[0]["outcomes"])
    keep(backend, 1)
    asked = asked_for(monkeypatch)
    assert ask(backend) == expected
    assert asked == []


def test_merging_leaves_the_sums_right(backend: Backend) -> None:
    for start in range(0, 400, 100):
        write(backend, 1, ENTRIES[start : start + 100])
    keep(backend, 1)
    expected = ask(backend)
    assert merge_segments(backend.container.segments, DETECTOR, day(1).isoformat(), is_over=True)
    assert ask(backend) == expected


def test_a_day_without_a_change_is_not_written_again(backend: Backend) -> None:
    write(backend, 1, ENTRIES)
    keep(backend, 1)
    (key,) = sums_of(backend)
    before = backend.container.day_totals.s3.head_object(Bucket=backend.bucket, Key=key)["ETag"]
    written: list[str] = []
    backend.container.day_totals.s3.meta.events.register(
        "before-parameter-build.s3.PutObject", lambda params, **_: written.append(params["Key"])
    )
    keep(backend, 1, 2)
    assert written == []
    assert backend.container.day_totals.s3.head_object(Bucket=backend.bucket, Key=key)["ETag"] == before


def test_writers_at_once_lose_no_day(backend: Backend) -> None:
    backs = [back for back in range(1, 6) if day(back).month == day(1).month] or [1]
    for back in backs:
        write(backend, back, ENTRIES[: 50 + back])
    expected = ask(backend, 6)
    with ThreadPoolExecutor(len(backs)) as pool:
        list(pool.map(lambda back: keep(backend, back), backs))
    kept, _ = backend.container.day_totals.read(DETECTOR, day(1).isoformat()[:7])
    assert set(kept) == {day(back).isoformat() for back in backs}
    assert ask(backend, 6) == expected


@pytest.mark.parametrize("content", [b"", b"nonsense", b"x\x9c\xabV*\x01\x00\x02\x10\x01\x19"])
def test_bytes_that_are_no_sums_are_passed_over_and_replaced(backend: Backend, content: bytes) -> None:
    write(backend, 1, ENTRIES)
    expected = ask(backend)
    month = day(1).isoformat()[:7]
    backend.container.day_totals.s3.put_object(
        Bucket=backend.bucket, Key=f"index/{DETECTOR}/sums-{month}", Body=content
    )
    assert ask(backend) == expected
    keep(backend, 1)
    kept, _ = backend.container.day_totals.read(DETECTOR, month)
    assert list(kept) == [day(1).isoformat()]


def test_indexing_keeps_the_sums_of_yesterday(
    backend: Backend, later_payments: list[Payment], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(backend, 1, ENTRIES)
    monkeypatch.setattr(indexing, "_ONE_IN", 1)
    index_one(backend, later_payments[0])
    kept, _ = backend.container.day_totals.read(DETECTOR, day(1).isoformat()[:7])
    assert list(kept) == [day(1).isoformat()]


def test_sums_that_cannot_be_kept_stop_nothing(
    backend: Backend, later_payments: list[Payment], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise UnavailableError("S3 did not answer; try again.")

    monkeypatch.setattr(indexing, "keep_day_totals", refuse)
    monkeypatch.setattr(indexing, "_ONE_IN", 1)
    index_one(backend, later_payments[0])
    assert [one["decisions"] for one in ask(backend)] == [1]


def test_today_is_not_kept(backend: Backend) -> None:
    write(backend, 0, ENTRIES)
    keep(backend, 0)
    assert sums_of(backend) == []


def test_a_kept_sum_needs_all_of_a_day(backend: Backend) -> None:
    write(backend, 1, ENTRIES)
    keep(backend, 1)
    write(backend, 1, [replace(entry, event_id=f"more-{number}") for number, entry in enumerate(ENTRIES[:10])])
    assert [one["decisions"] for one in ask(backend)] == [410]
