"""Value formats in [event] of a detector file: timestamps, zones, numbers, and words for missing values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator
from tollgate.core.events.cells import read_text
from tollgate.core.events.number_marks import DECIMALS, THOUSANDS
from tollgate.core.times.bare_numbers import TICKS
from tollgate.core.times.iso_time import read_iso
from tollgate.core.times.time_format import TIME_FORMATS, UNITS_S, TimeFormat
from tollgate.core.times.time_pattern import TimePattern, find_fault
from tollgate.errors import suggest

from model_build.detector_file.messages import WrongValueError, show
from model_build.detector_file.section import Texts

_NUMBER = re.compile(r"[+-]?[0-9.,]+")
# Short names that people and programs write, and a place whose clocks they mean.
_PLACES = {
    "Europe/Berlin": ("MEZ", "MESZ", "CET", "CEST", "MET", "MEST"),
    "Europe/London": ("BST", "GB"),
    "Europe/Lisbon": ("WET", "WEST", "Portugal"),
    "Europe/Athens": ("EET", "EEST"),
    "Europe/Moscow": ("MSK",),
    "America/New_York": ("EST", "EDT", "ET", "EST5EDT", "Eastern"),
    "America/Chicago": ("CDT", "CT", "CST6CDT", "Central"),
    "America/Denver": ("MST", "MDT", "MT", "MST7MDT", "Mountain"),
    "America/Los_Angeles": ("PST", "PDT", "PT", "PST8PDT", "Pacific"),
    "America/Sao_Paulo": ("BRT", "BRST"),
    "Asia/Tokyo": ("JST", "Japan"),
    "Asia/Seoul": ("KST", "ROK"),
    "Asia/Shanghai": ("PRC", "China"),
    "Asia/Singapore": ("SGT",),
    "Asia/Kolkata": ("IST", "India"),
    "Australia/Sydney": ("AEST", "AEDT", "AET"),
}
_SHORT = {short.lower(): place for place, names in _PLACES.items() for short in names}
_UTC = ("utc", "gmt", "z", "zulu", "utc+0", "gmt+0", "+00:00", "etc/utc", "uct")


def _read_zone(zone: str) -> str | None:
    if zone == "UTC":
        return None
    known = available_timezones()
    if zone not in known:
        raise WrongValueError(
            f'must be a time zone such as "Europe/Berlin", not {show(zone)}{_suggest_zone(zone, known)}'
        )
    if not _is_place(zone):
        place = f'use a place such as "America/New_York"{_suggest_zone(zone, known)}'
        raise WrongValueError(f"is {show(zone)}, which may mean one offset all year; {place}")
    return zone


def _is_place(zone: str) -> bool:
    """Return whether the name of a zone is that of a place: others, such as EST, may mean one offset all year."""
    return "/" in zone


def _suggest_zone(name: str, known: Collection[str]) -> str:
    """Return `` (did you mean "x"?)`` for the zone that ``name`` likely means and that is taken, or an empty string."""
    lower = name.strip().lower().replace(" ", "_")
    if lower in _UTC:
        return suggest("UTC", ["UTC"])
    places = sorted(filter(_is_place, known))
    # "Etc/GMT+1" and the like are offsets, with the sign the other way round.
    regions = [place for place in places if not place.startswith(("Etc/", "SystemV/", "posix/", "right/"))]
    short = _SHORT.get(lower)
    cities = [place for place in regions if place.rpartition("/")[2].lower() == lower]
    if short in known or cities:
        return f' (did you mean "{short if short in known else cities[0]}"?)'
    return suggest(name, regions) if _is_place(name) else ""


def _read_unit(unit: str) -> str:
    if unit not in UNITS_S:
        raise WrongValueError(f"must be one of {', '.join(UNITS_S)}{suggest(unit, UNITS_S)}")
    return unit


def _read_origin(given: object) -> object:
    """Return a date or a time of TOML as text."""
    return given.isoformat() if isinstance(given, date) else given.strip() if isinstance(given, str) else given


def _one_mark(known: Iterable[str]) -> AfterValidator:
    def check(mark: str) -> str:
        if mark not in known:
            wanted = " or ".join(f'"{one}"' for one in known)
            raise WrongValueError(f"must be {wanted}, not {show(mark)}")
        return mark

    return AfterValidator(check)


def _read_null_words(given: tuple[str, ...]) -> tuple[str, ...]:
    words = tuple(word.strip() for word in given)
    for word in words:
        if not word or _NUMBER.fullmatch(word) or read_text(word) in ("true", "false"):
            raise WrongValueError(
                f'has {show(word)}, which is a value; list only words for missing ones, such as "NULL"'
            )
    return words


Zone = Annotated[str, AfterValidator(_read_zone)]
Unit = Annotated[str, AfterValidator(_read_unit)]
Origin = Annotated[str, BeforeValidator(_read_origin)]
Decimal = Annotated[str, _one_mark(DECIMALS)]
Thousands = Annotated[str, _one_mark(THOUSANDS)]
NullWords = Annotated[Texts, AfterValidator(_read_null_words)]


def check_times(form: str, zone: str | None, unit: str | None, origin: str | None, *, has_format: bool) -> None:
    """Raise `WrongValueError` for keys about timestamps that do not fit; ``has_format``: the file gives a format."""
    if unit is not None or origin is not None:
        _check_origin(zone, unit, origin)
        if has_format:
            raise _mistake("timestamp_unit", "cannot be used with timestamp_format; remove one of them")
    if form in TICKS and zone is not None:
        raise _mistake("timezone", f'cannot be used with timestamp_format = "{form}", which is in UTC')
    if form in TIME_FORMATS:
        return
    if "%" not in form:
        wanted = f'must be {", ".join(TIME_FORMATS)} or a pattern such as "%d.%m.%Y %H:%M"'
        raise _mistake("timestamp_format", f"{wanted}{suggest(form, TIME_FORMATS)}")
    if fault := find_fault(TimePattern(form), has_zone=zone is not None):
        raise _mistake("timestamp_format", fault)


def _check_origin(zone: str | None, unit: str | None, origin: str | None) -> None:
    if origin is None:
        raise _mistake("timestamp_unit", 'needs timestamp_origin, such as "2017-01-01", when the count is 0')
    if unit is None:
        raise _mistake("timestamp_origin", 'needs timestamp_unit, such as "hours"')
    try:
        read_iso(origin)
        TimeFormat("iso", zone, unit, origin).read(0)
    except ValueError:
        raise _mistake(
            "timestamp_origin", f'must be a date or a time such as "2017-01-01", not {show(origin)}'
        ) from None


def check_marks(decimal: str, thousands: str | None) -> None:
    """Raise `WrongValueError` where one mark has both meanings."""
    if thousands == decimal:
        other = "," if decimal == "." else "."
        raise _mistake("thousands", f'is also the decimal mark; set decimal = "{other}" too')


def _mistake(key: str, message: str) -> WrongValueError:
    return WrongValueError(message, "event", key)
