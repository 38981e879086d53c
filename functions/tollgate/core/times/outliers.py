"""Outliers among times, as a wrong date makes them: events far from all others, or a span of too many years."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.core.times.clock_skew import write_span
from tollgate.core.times.time_format import UNITS_S, TimeFormat
from tollgate.core.times.timestamps import to_moment

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
DAY_US = 86_400 * 10**6
_YEAR_US = 365.25 * DAY_US
# Day 0 of spreadsheets lies so long before 1970.
_SPREADSHEET_US = 25_569 * DAY_US
# Times that days since 1970 have in tables of payments: 1990 to 2035. As days of a spreadsheet they lie before 1965.
_LIKELY_US = (20 * _YEAR_US, 65 * _YEAR_US)
_MAX_YEARS = 30


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


def find_odd_span(form: TimeFormat, first_us: int, last_us: int) -> Iterator[str]:
    """Yield what the first and the last time tell about how times were declared, in one sentence.

    Nothing is said of times that may be right: days that count from 1904 lie four years early, which nothing shows.
    """
    if form.unit is not None:
        yield from _find_long_span(form.unit, last_us - first_us)
    elif form.form == "excel":
        first, last = first_us + _SPREADSHEET_US, last_us + _SPREADSHEET_US
        if _LIKELY_US[0] <= first and last <= _LIKELY_US[1]:
            yield (
                f'All times lie from {_day(first_us)} to {_day(last_us)} under timestamp_format = "excel", and from '
                f'{_day(first)} to {_day(last)} as days since 1970: if that is right, set timestamp_unit = "days" and '
                'timestamp_origin = "1970-01-01" in [event] instead.'
            )


def _find_long_span(unit: str, span_us: int) -> Iterator[str]:
    smaller = dict(zip(UNITS_S, list(UNITS_S)[1:], strict=False)).get(unit)
    if smaller and span_us > _MAX_YEARS * _YEAR_US:
        days = span_us * UNITS_S[smaller] // UNITS_S[unit] // DAY_US
        yield (
            f"The times take {span_us / _YEAR_US:,.0f} years as {unit}, and {days:,} days as {smaller}: if that is "
            f'right, set timestamp_unit = "{smaller}" in [event].'
        )


def _day(time_us: int) -> str:
    return to_moment(time_us).strftime("%Y-%m-%d")
