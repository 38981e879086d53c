"""Notes on clocks: AM and PM that are missing, and times that clocks of the zone never showed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.notes.time_notes import ClockNotes
from tollgate.core.files.readers.chunk import Chunk, Position

KIND = EventType("payment", None, "when")
TWELVE = 'Column "when": no time lies in the hours 0 or 13 to 23: is AM or PM missing?'
START = datetime(2026, 1, 5, tzinfo=UTC)


def notes(kind: EventType, column: Any, *, parts: int = 1) -> list[str]:  # noqa: ANN401
    """Return what is said of a column that is read in parts, each by another process."""
    told = ClockNotes()
    size = -(-len(column) // parts)
    for start in range(0, len(column), size):
        part = column[start : start + size]
        read = EventReader(kind, KeyHashes()).read(Chunk(["when"], [part], start, Position()))
        assert not read.problems
        told.add(kind, read.events.times_us, part, read.places)
        told = ClockNotes(**told.to_json())
    return list(told.describe(kind))


def times(form: str, count: int = 1_000) -> list[str]:
    return [(START + timedelta(minutes=37 * row)).strftime(form) for row in range(count)]


@pytest.mark.parametrize("zone", [None, "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize(
    ("written", "form"),
    [("%Y-%m-%d %I:%M", "iso"), ("%m/%d/%Y %I:%M", "%m/%d/%Y %H:%M"), ("%Y-%m-%dT%I:%M:%S", "iso")],
)
def test_a_clock_of_twelve_hours_without_its_halves_is_noted(written: str, form: str, zone: str | None) -> None:
    kind = replace(KIND, timestamp_format=form, timezone=zone)

    (said,) = notes(kind, pa.array(times(written)), parts=3)
    assert said.startswith(TWELVE)
    assert notes(kind, times(written)) == [said]
    assert notes(kind, pa.array(times(written.replace("%I", "%H")))) == []


def test_typed_times_without_a_zone_are_looked_at_too() -> None:
    naive = pa.array(np.array([datetime.fromisoformat(one) for one in times("%Y-%m-%d %I:%M")], dtype="datetime64[us]"))

    assert notes(KIND, naive)[0].startswith(TWELVE)
    assert notes(KIND, naive.cast(pa.timestamp("us", "UTC"))) == []


def test_no_clock_of_twelve_hours_is_seen_where_there_may_be_none() -> None:
    assert notes(KIND, pa.array(times("%Y-%m-%d %I:%M", 499))) == []
    assert notes(KIND, pa.array([*times("%Y-%m-%d %I:%M"), "2026-02-01 13:00"])) == []
    assert notes(KIND, pa.array([*times("%Y-%m-%d %I:%M"), "2026-02-01"])) == []
    assert notes(KIND, pa.array([f"{one}Z" for one in times("%Y-%m-%d %I:%M")])) == []
    mornings = [one for one in times("%Y-%m-%d %H:%M", 4_000) if 5 <= int(one[11:13]) <= 12]
    assert notes(KIND, pa.array(mornings)) == []
    halves = replace(KIND, timestamp_format="%Y-%m-%d %I:%M %p")
    assert notes(halves, pa.array([f"{one} AM" for one in mornings])) == []


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/Berlin", "2026-03-29 02:30"),
        ("Europe/London", "2026-03-29 01:00"),
        ("America/New_York", "2026-03-08 02:59:59"),
        ("Australia/Lord_Howe", "2026-10-04 02:10"),
        ("America/Santiago", "2026-09-06 00:15"),
    ],
)
def test_times_that_clocks_of_the_zone_skipped_are_counted(zone: str, text: str) -> None:
    kind = replace(KIND, timezone=zone)
    said = f'times such as "{text}" fell into an hour that clocks of {zone} skipped: is the timezone in [event] right?'
    hours = times("%Y-%m-%d %H:%M", 20_000)
    column = pa.array([*hours[:500], text, *hours[500:], text, "2026-06-01 02:30"])

    assert notes(kind, column, parts=7)[0].startswith('Column "when": ')
    assert notes(replace(KIND, timezone="Asia/Tokyo"), column) == []
    assert notes(kind, pa.array([text, text])) == [f'Column "when": 2 {said}']
    assert notes(kind, [text]) == [f'Column "when": 1 {said.replace("times", "time", 1)}']


@pytest.mark.parametrize("text", ["2026-03-29 03:30", "2026-03-29 01:59", "2026-03-29 03:00", "2026-10-25 02:30"])
def test_times_beside_the_skipped_hour_are_not(text: str) -> None:
    assert notes(replace(KIND, timezone="Europe/Berlin"), pa.array([text])) == []


def test_a_time_with_a_zone_of_its_own_is_never_skipped() -> None:
    for text in ("2026-03-29T01:30:00Z", "2026-03-29T02:30:00+01:00"):
        assert notes(replace(KIND, timezone="Europe/London"), pa.array([text])) == []
        assert notes(replace(KIND, timezone="Europe/Berlin"), pa.array([text])) == []


def test_typed_and_serial_times_may_be_skipped_too() -> None:
    berlin = replace(KIND, timezone="Europe/Berlin")
    typed = pa.array([datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 3, 30)])

    assert notes(berlin, typed)[0].startswith('Column "when": 1 time such as "2026-03-29 02:30:00" fell')
    assert notes(berlin, typed.cast(pa.timestamp("us", "UTC"))) == []
    assert notes(replace(berlin, timestamp_format="excel"), pa.array([46110.1]))[0].startswith('Column "when": 1 time')
