"""Time format: how the times of an event type are written, read the same at every door."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from tollgate.core.events.cells import Problem, read_each, read_text, shown
from tollgate.core.events.event import Ints
from tollgate.core.events.number_format import PLAIN, NumberFormat
from tollgate.core.events.number_marks import BLANKS, advise
from tollgate.core.times.bare_numbers import (
    EARLIEST_S,
    LATEST_S,
    SPREADSHEET_EPOCH,
    TICK_NAMES,
    TICKS,
    find_ticks,
    read_bare_number,
    spell,
)
from tollgate.core.times.iso_time import is_written_as_iso, read_iso, suggest_form
from tollgate.core.times.time_pattern import TimePattern
from tollgate.core.times.timestamps import to_microseconds, to_moment

# Forms of a time that have a name; any other is a pattern.
TIME_FORMATS = ("iso", *TICKS, "excel")
UNITS_S = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
OUTSIDE = "{} is not a time between 1900 and 2200"
_US = 1_000_000
_BLANKS = str.maketrans(dict.fromkeys(BLANKS, " "))
_DAY_US = 86_400 * _US
_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{0,40})?(?:[eE][+-]?\d{1,3})?")
# A spreadsheet shows long numbers with six digits and an exponent: what came after them is lost.
_ROUNDED = re.compile(r"[+-]?\d(?:\.\d{0,5})?[eE]\+?\d+")
_ISO_START = re.compile(r"\d{4}-\d\d-\d\d")
# Seconds before this are a count that begins at 0, or of another unit than was said.
_EARLY_S = 10**8


@dataclass(frozen=True)
class TimeFormat:
    """How times are written. A text without a zone is a time of ``zone``, an IANA name; UTC without one.

    ``form`` is one of `TIME_FORMATS` or a pattern. With ``unit``, one of `UNITS_S`, a time is a number of units since
    ``origin``, an ISO date or time. Of an hour that comes twice, when summer time ends, the first is meant; a time that
    is skipped, when it begins, is read with the offset from before. ``numbers`` says how numbers
    that are text are written.
    """

    form: str = "iso"
    zone: str | None = None
    unit: str | None = None
    origin: str | None = None
    numbers: NumberFormat = PLAIN

    @cached_property
    def zone_info(self) -> tzinfo:
        """The zone of times that do not say theirs."""
        return UTC if self.zone is None else ZoneInfo(self.zone)

    @cached_property
    def origin_us(self) -> int:
        """The moment from which units are counted."""
        moment = datetime.fromisoformat(self.origin or "1970-01-01")
        return to_microseconds(moment if moment.tzinfo else moment.replace(tzinfo=self.zone_info))

    def read(self, value: object) -> int:
        """Return microseconds since 1970 UTC; raise `ValueError` that says what is wrong with the value."""
        if value is None or value == "" or value != value:  # noqa: PLR0124 - NaN
            raise ValueError("a timestamp is required")
        if isinstance(value, datetime):
            return self._instant(value, value)
        if isinstance(value, date):
            return self._instant(datetime(value.year, value.month, value.day), value)
        # Spreadsheets write other blanks, as before AM and PM, which look the same.
        return self._read(value if not isinstance(value, str) or value.isascii() else value.translate(_BLANKS))

    def read_column(self, column: str, values: Sequence[object]) -> tuple[Ints, list[Problem]]:
        """Read a column of times: microseconds since 1970 UTC, 0 where there is a problem."""
        moments, problems = read_each(column, values, self.read, 0)
        # A float holds every microsecond between 1900 and 2200.
        return np.rint(moments).astype(np.int64), problems

    def read_known(self, value: object) -> int:
        """Return when a label became known: a time of this format, or an ISO one as the API has them."""
        if self.form == "iso" or not (isinstance(value, str) and _ISO_START.match(value.strip())):
            return self.read(value)
        try:
            return self.read(value)
        except ValueError:
            return TimeFormat("iso", self.zone).read(value)

    @cached_property
    def _read(self) -> Callable[[object], int]:
        if self.unit is not None:
            return self._read_count
        named = {"iso": self._read_iso, "excel": self._read_serial, **dict.fromkeys(TICKS, self._read_ticks)}
        return named.get(self.form, self._read_pattern)

    @cached_property
    def _pattern(self) -> TimePattern:
        return TimePattern(self.form)

    def _instant(self, moment: datetime, value: object) -> int:
        return _within(to_microseconds(moment if moment.tzinfo else moment.replace(tzinfo=self.zone_info)), value)

    def _need_number(self, value: object) -> Decimal:
        number = self._read_number(value)
        if number is None:
            said = f'timestamp_unit "{self.unit}"' if self.unit else f'timestamp_format "{self.form}"'
            more = advise(value, self.numbers.decimal, self.numbers.thousands)
            raise ValueError(f"{shown(value)} is not a number, as {said} says{more}")
        return number

    def _read_number(self, value: object) -> Decimal | None:
        """Return a number, written with the declared marks or as programs write it; None for anything else."""
        return _parse_number(self.numbers.plain(value) if self.numbers.takes(value) else value)

    def _read_count(self, value: object) -> int:
        return _within(self.origin_us + self._need_number(value) * UNITS_S[self.unit or ""] * _US, value)

    def _read_ticks(self, value: object) -> int:
        number = self._need_number(value)
        time_s, fits = number / TICKS[self.form], find_ticks(number)
        if fits is not None and fits != self.form and not _EARLY_S < time_s <= LATEST_S:
            read = f"{spell(int(time_s))} as" if abs(time_s) <= LATEST_S else "no time between 1900 and 2200 in"
            raise ValueError(
                f"{shown(value)} is {read} {TICK_NAMES[self.form]} since 1970; it looks like {TICK_NAMES[fits]}: set "
                f'timestamp_format = "{fits}" in [event]'
            )
        return _within(time_s * _US, value)

    def _read_serial(self, value: object) -> int:
        number = self._need_number(value)
        if not 0 < number * 86_400 < LATEST_S - EARLIEST_S + 10**6:
            raise ValueError(f"{shown(value)} is no day of a spreadsheet between 1900 and 2200")
        # Spreadsheets show five decimals, which is good to a second.
        return self._instant(SPREADSHEET_EPOCH + timedelta(seconds=round(number * 86_400)), value)

    def _read_pattern(self, value: object) -> int:
        # A whole number of a typed column, or as pandas writes it beside empty cells, has the digits of a date.
        text = read_text(value) or ""
        try:
            moment = self._pattern.read(text)
        except ValueError:
            if self._pattern.is_written_so(text):
                said = f'{shown(value)} is on a day that does not exist, as timestamp_format "{self.form}" reads it'
                raise ValueError(f"{said}; correct the date") from None
            said = f'{shown(value)} does not follow timestamp_format "{self.form}"'
            if self._pattern.lacks_digits(text):
                said += "; digits are missing, such as a zero in front that numbers lose: export the column as text"
            raise ValueError(said) from None
        return self._instant(moment, value)

    def _read_iso(self, value: object) -> int:
        text = str(value).strip()
        if text[4:5] != "-" and (number := self._read_number(value)) is not None:
            return read_bare_number(number, shown(value))
        try:
            moment = read_iso(text)
        except ValueError:
            if is_written_as_iso(text):
                raise ValueError(f"{shown(value)} is on a day or at a time that does not exist; correct it") from None
            raise ValueError(f"{shown(value)} is no time such as 2026-01-31T13:24:11Z; {suggest_form(text)}") from None
        return self._instant(moment, value)

    def write(self, time_us: int) -> str | int | float:
        """Return microseconds since 1970 UTC as they are posted; what `read` gives of that is the same moment.

        A pattern without seconds, and the second of two hours when summer time ends, cannot say all.
        """
        if self.unit is not None:
            return (time_us - self.origin_us) / (UNITS_S[self.unit] * _US)
        if self.form in TICKS:
            ticks = time_us * TICKS[self.form]
            return ticks // _US if ticks % _US == 0 else ticks / _US
        moment = to_moment(time_us)
        if self.form == "iso":
            return moment.isoformat().replace("+00:00", "Z")
        local = moment.astimezone(self.zone_info)
        if self.form == "excel":
            return (local.replace(tzinfo=None) - SPREADSHEET_EPOCH) / timedelta(days=1)
        return self._pattern.write(local)

    def is_date_of(self, date_us: int, time_us: int) -> bool:
        """Return whether ``date_us`` is the beginning of the day of ``time_us``: what a date without an hour reads as.

        Both are in microseconds since 1970; days are those of the zone, or of UTC.
        """
        date, time = to_moment(date_us), to_moment(time_us)
        days = ((date.astimezone(zone), time.astimezone(zone)) for zone in (self.zone_info, UTC))
        return any(of_date.time() == time_of_day() and of_date.date() == of_time.date() for of_date, of_time in days)

    def localize(self, wall_us: Ints) -> Ints:
        """Return the moments of times of the zone that are written without it, as microseconds, shape (n,)."""
        if self.zone is None:
            return wall_us
        days, place = np.unique(wall_us // _DAY_US, return_inverse=True)
        first = self._offsets(days * _DAY_US)
        changes = first != self._offsets((days + 1) * _DAY_US - 1)
        offsets = first[place]
        for row in np.flatnonzero(changes[place]).tolist():
            offsets[row] = self._offset(int(wall_us[row]))
        moments: Ints = wall_us - offsets
        return moments

    def _offsets(self, wall_us: Ints) -> Ints:
        return np.array([self._offset(wall) for wall in wall_us.tolist()], dtype=np.int64)

    def _offset(self, wall_us: int) -> int:
        wall = to_moment(wall_us).replace(tzinfo=self.zone_info)
        return (wall.utcoffset() or timedelta()) // timedelta(microseconds=1)


def _within(time_us: int | Decimal, value: object) -> int:
    if not EARLIEST_S * _US <= time_us <= LATEST_S * _US:
        raise ValueError(OUTSIDE.format(shown(value)))
    return round(time_us)


def _parse_number(value: object) -> Decimal | None:
    """Return a number, or a text that is one; None for anything else."""
    if isinstance(value, bool):
        raise ValueError(f"{shown(value)} is no time")
    text = value.strip() if isinstance(value, str) else repr(value.item() if hasattr(value, "item") else value)
    if isinstance(value, Decimal):
        text = f"{value:f}"
    if not _NUMBER.fullmatch(text):
        return None
    if isinstance(value, str) and _ROUNDED.fullmatch(text):
        raise ValueError(f"{shown(value)} was rounded by a spreadsheet; export the column as text, with all its digits")
    return Decimal(text)
