"""Reader of the index of some days, also while it is written and merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import TypeVar

from tollgate import clock
from tollgate.adapters.s3.segments import SegmentGoneError, SegmentStore
from tollgate.core.search.segment_names import SegmentName
from tollgate.errors import UnavailableError

Read = TypeVar("Read")
Item = TypeVar("Item")
_READERS = 24
_ATTEMPTS = 6


@dataclass(frozen=True)
class Days:
    """The days from ``first`` to ``last`` (UTC, both included) on which a detector decided."""

    detector: str
    first: date
    last: date


@dataclass(frozen=True)
class IndexReader:
    """The segments of some days as they were listed. ``indexed_s`` is the newest moment that the index tells of.

    That is of these days, of yesterday and of today; None if there is nothing in any of them.
    """

    store: SegmentStore
    pool: ThreadPoolExecutor
    segments: tuple[SegmentName, ...]
    indexed_s: int | None

    def by_day(self) -> Iterator[tuple[str, tuple[SegmentName, ...]]]:
        """Yield the days that have segments, each with them."""
        for day, names in groupby(self.segments, key=lambda name: name.day):
            yield day, tuple(names)

    def from_newest(self, count: int) -> Iterator[IndexReader]:
        """Yield readers of the newest ``count`` days, of the next twice as many, and so on."""
        days = [names for _, names in self.by_day()][::-1]
        start = 0
        while start < len(days):
            part = days[start : start + count]
            yield replace(self, segments=tuple(name for names in part for name in names))
            start, count = start + count, count * 2

    def map(self, read: Callable[[Item], Read], items: Iterable[Item]) -> list[Read]:
        """Return what is read of each item, several at a time."""
        return list(self.pool.map(read, items))


def read_index(store: SegmentStore, days: Days, read: Callable[[IndexReader], Read]) -> Read:
    """Return what ``read`` makes of some days' segments; where one is merged meanwhile, it is asked again.

    Raises `UnavailableError` if the bucket does not answer, or the index changes faster than it can be read.
    """
    with ThreadPoolExecutor(_READERS) as pool:
        for _ in range(_ATTEMPTS):
            listed = _list(store, days)
            wanted = (name for name in listed if days.first.isoformat() <= name.day <= days.last.isoformat())
            newest = max((name.newest_s for name in listed), default=None)
            try:
                return read(IndexReader(store, pool, tuple(wanted), newest))
            except SegmentGoneError:
                continue
    raise UnavailableError("The index was merged again and again while it was read; try again.")


def _list(store: SegmentStore, days: Days) -> Sequence[SegmentName]:
    """Return the segments of the days, and those of yesterday and today: they tell how far the index is."""
    today = clock.today()
    yesterday = today - timedelta(days=1)
    if days.last < yesterday:
        wanted = store.find(days.detector, days.first.isoformat(), days.last.isoformat())
        return [*wanted, *store.find(days.detector, yesterday.isoformat(), today.isoformat())]
    return store.find(days.detector, min(days.first, yesterday).isoformat(), max(days.last, today).isoformat())
