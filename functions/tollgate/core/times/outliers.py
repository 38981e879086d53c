"""Outliers among times: a few events that lie far before or after all others, as a wrong date makes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.core.times.clock_skew import write_span

# Of n events, so many at one end may be outliers: one in twenty, and a single one in any case.
_SHARE = 20
# A gap sets events apart that is this many times as long as any among the events in the middle, ...
_TIMES_LONGEST_GAP = 10
# ... and not less than this share of all the time that these take.
_OF_SPAN = 0.1
_MIN_EVENTS = 4
# Of n events, so many at the end may have wrong dates: one in a hundred, and a single one in any case.
_WRONG_SHARE = 100
_DAY_S = 86_400.0


@dataclass(frozen=True)
class Outliers:
    """Events at one end: how many, by how many days "before" or "after" (``side``) the others, and the first row."""

    events: int
    days: int
    side: str
    row: int

    def describe(self, *, unsealed: bool = False) -> str:
        """Return one sentence; rows are told from 1. ``unsealed`` events are not in the sealed histories."""
        apart = f"{write_span(self.days * _DAY_S)} {self.side} the others"
        if self.events == 1:
            done = "; sealed histories do without it" if unsealed else ""
            return f"1 row lies {apart}, it is row {self.row + 1:,}: check its date{done}."
        done = "; sealed histories do without them" if unsealed else ""
        return f"{self.events:,} rows lie {apart}, the first is row {self.row + 1:,}: check their dates{done}."


def find_outliers(days: Ints, counts: Ints, rows: Ints) -> Iterator[Outliers]:
    """Yield the events that lie apart at either end, given the ``days`` that have events, in order, shape (d,).

    ``counts`` say how many events each day has, ``rows`` the first row of each. The longest gap in the middle is that
    among all days but the outermost ones that hold one event in twenty, at either end.
    """
    before, n = np.concatenate([[0], np.cumsum(counts)]), int(np.sum(counts))
    few = max(n // _SHARE, 1)
    # A gap can set the days before it apart if they have few enough events; likewise the days behind it.
    low, high = before[1:-1] <= few, n - before[1:-1] <= few
    gaps = np.diff(days)
    inner = gaps[~low & ~high]
    if n < _MIN_EVENTS or not len(gaps):
        return
    apart = gaps >= max(_TIMES_LONGEST_GAP * int(np.max(inner, initial=1)), _OF_SPAN * int(inner.sum()))
    if (apart & low).any():
        end = int(np.flatnonzero(apart & low)[-1]) + 1
        yield Outliers(int(before[end]), int(gaps[end - 1]), "before", int(np.min(rows[:end])))
    if (apart & high).any():
        start = int(np.flatnonzero(apart & high)[0]) + 1
        yield Outliers(n - int(before[start]), int(gaps[start - 1]), "after", int(np.min(rows[start:])))


def find_late(times_us: Ints, rows: Ints) -> Outliers | None:
    """Return the few events that lie so far after all others that their dates may be wrong, None if there are none.

    ``times_us`` are in order, shape (n,). Histories are sealed as of the last event: one wrong date there would fade
    those of all.
    """
    few = max(len(times_us) // _WRONG_SHARE, 1)
    found = find_outliers(*by_day(times_us, rows))
    return next((one for one in found if one.side == "after" and one.events <= few), None)


def by_day(times_us: Ints, rows: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the days since 1970 that have events, in order, how many each has, and the first row of each."""
    of_rows = times_us // int(_DAY_S * 1e6)
    # Most tables are in order of time, or nearly: there are far fewer runs of one day than rows.
    starts = np.append(np.flatnonzero(np.diff(of_rows, prepend=of_rows[:1] - 1)), len(of_rows))
    days, place = np.unique(of_rows[starts[:-1]], return_inverse=True)
    counts = np.bincount(place, np.diff(starts), len(days)).astype(np.int64)
    first = np.full(len(days), np.iinfo(np.int64).max)
    np.minimum.at(first, place, np.minimum.reduceat(rows, starts[:-1]) if len(rows) else rows)
    return days, counts, first
