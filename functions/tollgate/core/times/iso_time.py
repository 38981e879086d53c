"""ISO 8601 times: texts that are one as a whole, and what to set for a text that is nearly one."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, reduce

from tollgate.core.times.bare_numbers import find_date_pattern, find_ticks
from tollgate.core.times.time_pattern import OFFSET, TimePattern, find_fault

# Python's own reading takes any character before the hours, fractions of any part, and offsets of +01:75. What it is
# given has passed one of the expressions here.
_FRACTION = r"(?:[.,]\d+)?"
_OFFSET = rf"{OFFSET}(?:(?<=:\d\d)(?::[0-5]\d)?)?"
_UTC = r"(?P<utc>\s?[Zz]|\s*(?:UTC|GMT))?"
_GAP = "[Tt \t\u00a0\u202f]"
_CLOCK = rf"\d\d:\d\d(?::\d\d{_FRACTION})?|\d\d(?!\s?[+-])"
_BASIC_CLOCK = rf"\d{{4}}|\d{{6}}{_FRACTION}"
_ISO = re.compile(
    rf"(?:(?P<date>\d{{4}}-\d\d-\d\d|\d{{4}}-W\d\d-\d)(?:{_GAP}(?P<time>{_CLOCK})(?:\s?(?P<offset>{_OFFSET})|{_UTC}))?"
    rf"|(?P<date2>\d{{8}}|\d{{4}}W\d{{3}})"
    rf"{_GAP}(?P<time2>{_CLOCK}|{_BASIC_CLOCK})(?:\s?(?P<offset2>{_OFFSET})|{_UTC.replace('utc', 'utc2')})"
    rf"|(?P<date3>\d{{4}}W\d{{3}}))",
    re.ASCII,
)
# The usual texts, told by the characters 4, 7, 10, 13 and 16, and by what stands behind the seconds.
_MARKS = frozenset({"--", "--T:", "-- :", "--T:Z", "-- :Z", "--T::", "-- ::"})
_ENDS = frozenset({"", "Z", "+00:00"})
_END = re.compile(rf"{_FRACTION}(?:Z|{_OFFSET})?", re.ASCII)
# What Arrow takes for an offset and `read_iso` does not: behind hours alone, as in 12-05, or one that no zone has.
ODD_OFFSET = r"^.{13}[+-]|(?:\+(?:1[5-9]|2[0-9])|-(?:1[3-9]|2[0-9]))(?::?[0-9]{2})?$"

_DIGIT = re.compile(r"\d", re.ASCII)
_ZONE_WORD = re.compile(r".*\d\s*([A-Z]{2,5})")
_UTC_WORDS = ("UTC", "GMT")
_ZONE_NAME = re.compile(r".*(\[[^\[\]]*\])")
_DIGITS = re.compile(r"(\d{5,17})([.,]\d+)?(\s*)(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)", re.ASCII | re.IGNORECASE)
# How parts of a text are written in a pattern, in this order.
_DATES = (
    (r"^\d{4}([-/.])\d\d?\1\d\d?(?!\d)", r"%Y\1%m\1%d"),
    (r"^\d\d?\.\d\d?\.\d{4}(?!\d)", "%d.%m.%Y"),
    (r"^\d{8}(?!\d)", "%Y%m%d"),
    (r"^\d{4}-\d{3}(?!\d)", "%Y-%j"),
)
_ZONE = (r"(?:Z|[+-]\d\d:?\d\d)$", "%z")
_TIMES = (
    (r"(?<!\d)\d\d?([:.h-])\d\d\1\d\d([.,])\d{1,9}(?!\d)", r"%H\1%M\1%S\2%f"),
    (r"(?<!\d)\d\d?([:.h-])\d\d\1\d\d(?!\d)", r"%H\1%M\1%S"),
    (r"(?<!\d)\d\d?([:.h-])\d\d(?!\d)", r"%H\1%M"),
    (r"(?<!\d)\d{6}(?!\d)", "%H%M%S"),
    (r"(?<!\d)\d{4}(?!\d)", "%H%M"),
    (r"%H(.*?)( ?)[AaPp]\.?[Mm]\.?$", r"%I\1\2%p"),
)
# Directives, marks and single letters: a word is no part of a form, nor is a digit, nor another zone.
_SPELLED = re.compile(r"(?:%[A-Za-z]|[-/.:,_ ]|[A-Ya-y](?![A-Za-z]))*%[A-Za-z]")


def read_iso(text: str) -> datetime:
    """Return the time that a text without blanks around it is, as a whole; raise `ValueError` for any other text."""
    if text[4:17:3] in _MARKS and ((end := text[19:]) in _ENDS or _is_fraction(end) or _END.fullmatch(end)):
        return datetime.fromisoformat(text)
    match = _ISO.fullmatch(text)
    if match is None:
        raise ValueError(text)
    found = {name.rstrip("23"): part for name, part in match.groupdict().items() if part}
    zone = "Z" if "utc" in found else found.get("offset", "")
    return datetime.fromisoformat(f"{found['date']}T{found['time']}{zone}" if "time" in found else found["date"])


def is_written_as_iso(text: str) -> bool:
    """Return whether a text has the form of an ISO time, even if the calendar or the clock lacks it."""
    return _ISO.fullmatch(text) is not None


def _is_fraction(end: str) -> bool:
    return end[0] == "." and end[-1] == "Z" and end[1:-1].isdigit()


def suggest_form(text: str) -> str:
    """Return what to do about a text that is no ISO time: the pattern that it follows, where that can be told."""
    word = _ZONE_WORD.fullmatch(text)
    if digits := _DIGITS.fullmatch(text):
        number, fraction = Decimal(digits[1]), f"{digits[2][0]}%f" if digits[2] else ""
        zone = digits[4] if digits[4].upper() in _UTC_WORDS else "%z"
        pattern = TimePattern(f"{find_date_pattern(number)}{fraction}{digits[3]}{zone}")
        if pattern.reads(text):
            return f'it looks like a date; set timestamp_format = "{pattern.text}" in [event]'
        if find_ticks(number) is not None:
            return f'a number that counts from 1970 has no zone: leave "{digits[4]}" out'
    if word and word[1] not in ("AM", "PM"):
        return (
            f'leave "{word[1]}" out and set timezone in [event], such as "America/New_York", or write +01:00 and the '
            "like behind it"
        )
    if name := _ZONE_NAME.fullmatch(text):
        return f'leave "{name[1]}" out, and set timezone in [event] if no offset such as +01:00 stands before it'
    if patterns := [f'"{pattern.text}"' for pattern in _spell_patterns(_DIGIT.sub("0", text)) if pattern.reads(text)]:
        return f"set timestamp_format = {', or '.join(patterns)} in [event]"
    return "set timestamp_format in [event] for another form"


@lru_cache
def _spell_patterns(shape: str) -> tuple[TimePattern, ...]:
    """Return the patterns that a text with its parts in a clear order may follow, given it with zeros for digits."""
    spelled = [reduce(_put_directives, steps, shape) for steps in ((*_DATES, _ZONE, *_TIMES), (*_DATES, *_TIMES))]
    patterns = [TimePattern(one) for one in dict.fromkeys(spelled) if _SPELLED.fullmatch(one)]
    return tuple(pattern for pattern in patterns if find_fault(pattern, has_zone=False) is None)


def _put_directives(spelled: str, step: tuple[str, str]) -> str:
    return re.sub(step[0], step[1], spelled, count=1, flags=re.ASCII)
