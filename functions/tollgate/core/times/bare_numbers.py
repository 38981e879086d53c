"""Bare numbers as times: accepted if they can mean only one thing, and otherwise refused with what they look like."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

# Ticks of a second, by the name of the format that counts them since 1970.
TICKS = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}
TICK_NAMES = {"epoch_s": "seconds", "epoch_ms": "milliseconds", "epoch_us": "microseconds", "epoch_ns": "nanoseconds"}
# 1900 to 2200: outside, the unit or the format is wrong, not the century.
EARLIEST_S = -2_208_988_800
LATEST_S = 7_258_118_400
# From September 2001 on, seconds have ten digits, and milliseconds thirteen.
_TELLING_S = 10**9
# Day 0 of spreadsheets, which take 1900 for a leap year.
SPREADSHEET_EPOCH = datetime(1899, 12, 30)
# Days of spreadsheets from 1954 to 2119: dates that somebody exports.
_SERIALS = range(20_000, 80_000)
_DATE, _TIME = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", r"(?:[01]\d|2[0-3])[0-5]\d"
# Dates written without a mark between their parts, and the pattern that reads them.
_DATES = [
    (re.compile(rf"(?:19|20)\d\d{_DATE}"), "%Y%m%d"),
    (re.compile(rf"(?:19|20)\d\d{_DATE}(?:[01]\d|2[0-3])"), "%Y%m%d%H"),
    (re.compile(rf"(?:19|20)\d\d{_DATE}{_TIME}"), "%Y%m%d%H%M"),
    (re.compile(rf"(?:19|20)\d\d{_DATE}{_TIME}[0-5]\d"), "%Y%m%d%H%M%S"),
    (re.compile(rf"(?:19|20)\d\d{_DATE}{_TIME}[0-5]\d\d{{3}}"), "%Y%m%d%H%M%S%f"),
    (re.compile(rf"\d\d{_DATE}"), "%y%m%d"),
    # As seconds these lie after 2042; what came before can hardly be anything else.
    (re.compile(rf"(?:2[3-9]|[3-6]\d){_DATE}{_TIME}"), "%y%m%d%H%M"),
    (re.compile(rf"\d\d{_DATE}{_TIME}[0-5]\d"), "%y%m%d%H%M%S"),
]
_YEARS = range(1900, 2200)
_COUNTS = 'timestamp_unit = "hours" (or "days", "minutes", "seconds") and timestamp_origin, the start,'


def find_ticks(number: Decimal) -> str | None:
    """Return the format under which a number is a time of 2001 to 2200, None where it is none."""
    fits = (form for form, ticks in TICKS.items() if _TELLING_S <= number / ticks < LATEST_S)
    return next(fits, None)


def read_bare_number(number: Decimal, shown: str) -> int:
    """Return the microseconds since 1970 of a number of seconds or milliseconds that can mean nothing else.

    Raises `ValueError` that says what the number looks like, and the key that declares it.
    """
    form = find_ticks(number)
    pattern = find_date_pattern(number)
    if form in ("epoch_s", "epoch_ms") and pattern is None:
        return round(number * 1_000_000 / TICKS[form])
    read = _as_seconds(number)
    said = f"{shown} would be {read} as seconds since 1970" if read else f"{shown} is no number of seconds since 1970"
    raise ValueError(f"{said}; it looks like {_describe(number, form, pattern)} in [event]")


def find_date_pattern(number: Decimal) -> str | None:
    """Return the pattern under which a whole number has the digits of a date, None where it has not."""
    if number != number.to_integral_value():
        return None
    digits = str(int(number))
    return next((pattern for form, pattern in _DATES if form.fullmatch(digits)), None)


def _as_seconds(number: Decimal) -> str | None:
    """Return the moment that a number is as seconds since 1970, to the second; None outside 1900 to 2200."""
    if not EARLIEST_S <= number <= LATEST_S:
        return None
    return spell(int(number))


def spell(time_s: int) -> str:
    """Return seconds since 1970 as a moment."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _describe(number: Decimal, form: str | None, pattern: str | None) -> str:
    if pattern is not None:
        other = f', or "{form}"' if form else ""
        return f'a date; set timestamp_format = "{pattern}"{other}'
    if form is not None:
        return f'{TICK_NAMES[form]} since 1970; set timestamp_format = "{form}"'
    if number == number.to_integral_value() and int(number) in _YEARS:
        return f"a year, which is no time, or a count from a start; export whole dates, or set {_COUNTS}"
    if int(number) in _SERIALS:
        day = (SPREADSHEET_EPOCH + timedelta(days=float(number))).strftime("%Y-%m-%d %H:%M")
        return (
            f'a date of a spreadsheet ({day}); set timestamp_format = "excel", or, if it counts from a start, '
            "timestamp_unit and timestamp_origin"
        )
    return f"a count from a start; set {_COUNTS}"
