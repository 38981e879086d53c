"""Value formats in [event] of a detector file: timestamps, numbers, and words for missing values."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, TypedDict
from zoneinfo import ZoneInfo, available_timezones

from tollgate.core.events.cells import read_text
from tollgate.core.events.number_marks import DECIMALS, THOUSANDS
from tollgate.core.times.bare_numbers import TICKS
from tollgate.core.times.iso_time import read_iso
from tollgate.core.times.time_format import TIME_FORMATS, UNITS_S, TimeFormat
from tollgate.core.times.time_pattern import TimePattern, find_fault
from tollgate.errors import suggest

from model_build.detector_file.toml import TomlReader
from model_build.detector_file.zone_names import is_place, suggest_zone

VALUE_FORM_KEYS = (
    *("timestamp_format", "timezone", "timestamp_unit", "timestamp_origin"),
    *("decimal", "thousands", "null_values"),
)
_NUMBER = re.compile(r"[+-]?[0-9.,]+")


class ValueForms(TypedDict):
    """The fields of an event type that say how values are written."""

    timestamp_format: str
    timezone: str | None
    timestamp_unit: str | None
    timestamp_origin: str | None
    decimal: str
    thousands: str | None
    null_values: tuple[str, ...]


def read_value_forms(reader: TomlReader) -> ValueForms:
    """Read the keys of [event] that say how values are written; raise `DetectorFileError` naming the key."""
    zone = _read_zone(reader)
    unit, origin = _read_unit(reader, zone)
    decimal, thousands = _read_marks(reader)
    return ValueForms(
        timestamp_format=_read_format(reader, zone),
        timezone=zone,
        timestamp_unit=unit,
        timestamp_origin=origin,
        decimal=decimal,
        thousands=thousands,
        null_values=_read_null_values(reader),
    )


def _read_format(reader: TomlReader, zone: str | None) -> str:
    form: str = reader.take("event", "timestamp_format", str, "iso")
    if form in TICKS and zone is not None:
        raise reader.fail("event", "timezone", f'cannot be used with timestamp_format = "{form}", which is in UTC')
    if form in TIME_FORMATS:
        return form
    if "%" not in form:
        wanted = f'must be {", ".join(TIME_FORMATS)} or a pattern such as "%d.%m.%Y %H:%M"'
        raise reader.fail("event", "timestamp_format", f"{wanted}{suggest(form, TIME_FORMATS)}")
    fault = find_fault(TimePattern(form), has_zone=zone is not None)
    if fault is not None:
        raise reader.fail("event", "timestamp_format", fault)
    return form


def _read_zone(reader: TomlReader) -> str | None:
    zone: str | None = reader.take("event", "timezone", str)
    if zone is None or zone == "UTC":
        return None
    known = available_timezones()
    if zone not in known:
        wanted = 'must be a time zone such as "Europe/Berlin"'
        raise reader.fail("event", "timezone", f'{wanted}, not "{zone}"{suggest_zone(zone, known)}')
    if not is_place(zone):
        place = 'use a place such as "America/New_York"'
        raise reader.fail(
            "event",
            "timezone",
            f'is "{zone}", which may mean one offset all year; {place}{suggest_zone(zone, known)}',
        )
    ZoneInfo(zone)
    return zone


def _read_unit(reader: TomlReader, zone: str | None) -> tuple[str | None, str | None]:
    unit: str | None = reader.take("event", "timestamp_unit", str)
    origin: Any = reader.take("event", "timestamp_origin", (str, date))
    for key, other, given in (
        ("timestamp_unit", "timestamp_origin", unit is not None and origin is None),
        ("timestamp_origin", "timestamp_unit", origin is not None and unit is None),
    ):
        if given:
            example = '"2017-01-01", when the count is 0' if key == "timestamp_unit" else '"hours"'
            raise reader.fail("event", key, f"needs {other}, such as {example}")
    if unit is None:
        return None, None
    if unit not in UNITS_S:
        raise reader.fail(
            "event", "timestamp_unit", f"must be one of {', '.join(UNITS_S)}{suggest(unit, list(UNITS_S))}"
        )
    if "timestamp_format" in reader.sections["event"]:
        raise reader.fail("event", "timestamp_unit", "cannot be used with timestamp_format; remove one of them")
    return unit, _read_origin(reader, unit, origin, zone)


def _read_origin(reader: TomlReader, unit: str, origin: str | date, zone: str | None) -> str:
    text = origin.isoformat() if isinstance(origin, date) else origin.strip()
    try:
        read_iso(text)
        TimeFormat("iso", zone, unit, text).read(0)
    except ValueError:
        raise reader.fail(
            "event", "timestamp_origin", f'must be a date or a time such as "2017-01-01", not "{text}"'
        ) from None
    return text


def _read_marks(reader: TomlReader) -> tuple[str, str | None]:
    decimal: str = reader.take("event", "decimal", str, ".")
    thousands: str | None = reader.take("event", "thousands", str)
    if decimal not in DECIMALS:
        raise reader.fail("event", "decimal", f'must be "." or ",", not "{decimal}"')
    if thousands is not None and thousands not in THOUSANDS:
        marks = " or ".join(f'"{mark}"' for mark in THOUSANDS)
        raise reader.fail("event", "thousands", f'must be {marks}, not "{thousands}"')
    if thousands == decimal:
        other = "," if decimal == "." else "."
        raise reader.fail("event", "thousands", f'is also the decimal mark; set decimal = "{other}" too')
    return decimal, thousands


def _read_null_values(reader: TomlReader) -> tuple[str, ...]:
    words = tuple(word.strip() for word in reader.texts("event", "null_values"))
    for word in words:
        if not word or _NUMBER.fullmatch(word) or read_text(word) in ("true", "false"):
            raise reader.fail(
                "event",
                "null_values",
                f'has "{word}", which is a value; list only words for missing ones, such as "NULL"',
            )
    return words
