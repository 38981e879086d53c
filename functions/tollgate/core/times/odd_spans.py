"""Odd spans of times: counts that were declared in another unit, or from another start, than they have."""

from __future__ import annotations

from collections.abc import Iterator

from tollgate.core.times.time_format import UNITS_S, TimeFormat
from tollgate.core.times.timestamps import to_moment

DAY_US = 86_400 * 10**6
_YEAR_US = 365.25 * DAY_US
# Day 0 of spreadsheets lies so long before 1970.
_SPREADSHEET_US = 25_569 * DAY_US
# Times that days since 1970 have in tables of payments: 1990 to 2035. As days of a spreadsheet they lie before 1965.
_LIKELY_US = (20 * _YEAR_US, 65 * _YEAR_US)
_MAX_YEARS = 30


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
