"""Notes on the times of rows: in the future, far from all others, before training ended, or of another time zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.arrow_columns import plain_column, python_values, unwrap
from tollgate.core.files.columns.arrow_reader import ChunkEvents
from tollgate.core.files.readers.chunk import Chunk
from tollgate.core.times.bare_numbers import TICKS
from tollgate.core.times.outliers import DAY_US, by_day, find_odd_span, find_outliers
from tollgate.core.times.time_format import TimeFormat
from tollgate.core.times.time_pattern import TimePattern
from tollgate.core.times.timestamps import to_microseconds, to_moment, write_second

_MICROSECOND = timedelta(microseconds=1)
_MINUTE_US, _HOUR_US, _DAY_US = 60 * 10**6, 3_600 * 10**6, 86_400 * 10**6
# So many times, at so many different hours, would have one in the other half of the day.
_MIN_TIMES, _MIN_HOURS = 500, 10
# Any zone but the declared one: a time that is the same in both says its own.
_ELSEWHERE = "Asia/Tokyo"


@dataclass
class TimeNotes:
    """What was noticed in the chunks so far: rows ``ahead`` of the clock, and usable ones before training ended.

    ``days`` maps days since 1970 to how many of the usable rows they have, and the first of these, from 0.
    """

    ahead: int = 0
    early: int = 0
    days: dict[str, list[int]] = field(default_factory=dict)

    def add(self, version: DetectorVersion, chunk: Chunk, read: ChunkEvents) -> None:
        """Take a chunk into account."""
        self.ahead += read.ahead
        self.early += int((read.events.times_s < version.trained_until_s).sum())
        found = by_day(read.events.times_us, chunk.first_row + read.places)
        for day, count, row in zip(*(column.tolist() for column in found), strict=True):
            before, first = self.days.get(str(day), (0, row))
            self.days[str(day)] = [before + count, min(first, row)]

    def describe(self, version: DetectorVersion, *, begins_empty: bool) -> Iterator[str]:
        """Yield what is odd, each in a sentence; ``begins_empty`` says that no histories were stored."""
        found = sorted((int(day), *its) for day, its in self.days.items())
        outliers = list(find_outliers(*np.array(found, dtype=np.int64).reshape(-1, 3).T))
        yield from (one.describe() for one in outliers)
        if found and not outliers:
            yield from find_odd_span(version.event_type.time_format, *(found[end][0] * DAY_US for end in (0, -1)))
        if not begins_empty and self.early > sum(one.events for one in outliers if one.side == "before"):
            few = "1 row lies" if self.early == 1 else f"{self.early:,} rows lie"
            ended = write_second(version.trained_until_s)
            yield (
                f"{few} before the training data ended ({ended}): the histories that they read may count them already, "
                "and what came later."
            )


@dataclass
class ClockNotes:
    """What was noticed in the rows so far.

    ``hours`` counts times by their hour, as they are written, until one lies outside those of a clock of 12 hours.
    ``skipped`` counts those that clocks of the zone skipped, of which ``example`` is the first.
    """

    hours: list[int] = field(default_factory=lambda: [0] * 24)
    skipped: int = 0
    example: str = ""

    def add(self, event_type: EventType, times_us: Ints, column: Any, rows: Ints) -> None:  # noqa: ANN401
        """Take the times of some ``rows`` of a column into account: an Arrow array, or a list of what JSON has."""
        form = event_type.time_format
        if not len(rows) or form.unit is not None or form.form in TICKS:
            return
        if not self._has_afternoons and _has_plain_hours(form, column, int(rows[0])):
            counted = np.bincount(_wall(form, times_us) // _HOUR_US % 24, minlength=24)
            self.hours = [one + more for one, more in zip(self.hours, counted.tolist(), strict=True)]
        for at_us, length_us in _find_gaps(form, times_us):
            inside = np.flatnonzero((times_us >= at_us) & (times_us < at_us + length_us))
            if len(inside):
                self._add_skipped(form, _take(column, rows[inside]))

    @property
    def _has_afternoons(self) -> bool:
        return self.hours[0] > 0 or any(self.hours[13:])

    def _add_skipped(self, form: TimeFormat, values: list[Any]) -> None:
        is_skipped = _skips(form)
        found = [value for value in values if is_skipped(value)]
        if found and not self.skipped:
            self.example = str(found[0])[:40]
        self.skipped += len(found)

    def describe(self, event_type: EventType) -> Iterator[str]:
        """Yield what is odd, each in a sentence."""
        many = sum(self.hours) >= _MIN_TIMES and sum(map(bool, self.hours)) >= _MIN_HOURS
        if many and not self._has_afternoons:
            yield (
                f'Column "{event_type.timestamp}": no time lies in the hours 0 or 13 to 23: is AM or PM missing? '
                "Export it too, or times of 24 hours."
            )
        if self.skipped:
            lie = "1 time" if self.skipped == 1 else f"{self.skipped:,} times"
            yield (
                f'Column "{event_type.timestamp}": {lie} such as "{self.example}" fell into an hour that clocks of '
                f"{event_type.timezone} skipped: is the timezone in [event] right?"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that a checkpoint holds."""
        return asdict(self)


def _has_plain_hours(form: TimeFormat, column: Any, row: int) -> bool:  # noqa: ANN401
    """Return whether times are written with an hour, and without their zone or a half of the day, as one of them is."""
    if form.form == "excel" or {"p", "z"} & set(TimePattern(form.form).directives if form.form != "iso" else ()):
        return False
    if not isinstance(column, list) and pa.types.is_timestamp(kind := unwrap(column[:0]).type):
        return kind.tz is None
    (value,) = _take(column, np.array([row]))
    return isinstance(value, str) and not _says_zone(form, value)


def _take(column: Any, rows: Ints) -> list[Any]:  # noqa: ANN401
    if isinstance(column, list):
        return [column[row] for row in rows.tolist()]
    return list(python_values(plain_column(column.take(pa.array(rows))).values))


def _says_zone(form: TimeFormat, value: object) -> bool:
    return replace(form, zone=None).read(value) == replace(form, zone=_ELSEWHERE).read(value)


def _skips(form: TimeFormat) -> Callable[[object], bool]:
    """Return what tells whether clocks of the zone never showed a time, as it is written."""
    plain, elsewhere = replace(form, zone=None), replace(form, zone=_ELSEWHERE)

    def skips(value: object) -> bool:
        wall_us = plain.read(value)
        if wall_us == elsewhere.read(value):
            return False
        moment = to_moment(wall_us).replace(tzinfo=form.zone_info)
        before, after = moment.utcoffset(), moment.replace(fold=1).utcoffset()
        return before is not None and after is not None and before < after

    return skips


def _wall(form: TimeFormat, times_us: Ints) -> Ints:
    """Return times as clocks of the zone show them, in microseconds."""
    if form.zone is None:
        return times_us
    hours, place = np.unique(times_us // _HOUR_US, return_inverse=True)
    offsets = [_offset_us(form.zone, hour * _HOUR_US) for hour in hours.tolist()]
    wall: Ints = times_us + np.array(offsets, dtype=np.int64)[place]
    return wall


def _offset_us(zone: str, time_us: int) -> int:
    moment = to_moment(time_us).astimezone(ZoneInfo(zone))
    return (moment.utcoffset() or timedelta()) // _MICROSECOND


def _find_gaps(form: TimeFormat, times_us: Ints) -> Iterator[tuple[int, int]]:
    """Yield when clocks of the zone were put forward in the years of some times, and by how many microseconds."""
    if form.zone is not None:
        first, last = (to_moment(int(end(times_us))).year for end in (np.min, np.max))
        for year in range(first, last + 1):
            yield from _gaps_of(form.zone, year)


@lru_cache(maxsize=1024)
def _gaps_of(zone: str, year: int) -> tuple[tuple[int, int], ...]:
    start = to_microseconds(datetime(year, 1, 1, tzinfo=UTC))
    days = [start + day * _DAY_US for day in range(367)]
    offsets = [_offset_us(zone, day) for day in days]
    return tuple(
        (_change(zone, days[place], offset), offsets[place + 1] - offset)
        for place, offset in enumerate(offsets[:-1])
        if offsets[place + 1] > offset
    )


def _change(zone: str, day_us: int, offset_us: int) -> int:
    """Return the minute of a day at which clocks of a zone leave an offset, in microseconds since 1970."""
    low, high = 0, _DAY_US // _MINUTE_US
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset_us(zone, day_us + middle * _MINUTE_US) == offset_us else (low, middle)
    return day_us + high * _MINUTE_US
