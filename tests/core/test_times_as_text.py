"""Times that are written as numbers with other marks, and with other blanks, read alike at every door."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import read_event
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.readers.chunk import Chunk, Position
from tollgate.errors import EventError

KIND = EventType("payment", "id", "time")


def read(kind: EventType, text: str) -> str:
    """Return the time that a text is by itself, the same as in a file."""
    one = int(read_event(kind, {"id": "e", "time": text}).times_us[0])
    columns = [pa.array(["e"]), pa.array([text])]
    chunk = EventReader(kind, KeyHashes()).read(Chunk(["id", "time"], columns, 0, Position()))
    assert not chunk.problems
    assert chunk.events.times_us.tolist() == [one]
    return str(pa.scalar(one, pa.timestamp("us")))


@pytest.mark.parametrize(
    ("how", "text", "time"),
    [
        ({"timestamp_format": "excel", "decimal": ","}, "46023,00000", "2026-01-01 00:00:00"),
        ({"timestamp_format": "excel", "decimal": ",", "thousands": "."}, "46.023,50000", "2026-01-01 12:00:00"),
        ({"timestamp_unit": "hours", "timestamp_origin": "2026-01-01", "decimal": ","}, "0,5", "2026-01-01 00:30:00"),
        (
            {"timestamp_unit": "hours", "timestamp_origin": "2026-01-01", "thousands": ","},
            "1,000",
            "2026-02-11 16:00:00",
        ),
        ({"timestamp_format": "epoch_s", "decimal": ","}, "1767225600,5", "2026-01-01 00:00:00.500000"),
        ({"decimal": ",", "thousands": "."}, "1.767.225.600", "2026-01-01 00:00:00"),
        # As programs write numbers, whatever people do.
        ({"timestamp_format": "epoch_s", "decimal": ","}, "1767225600.5", "2026-01-01 00:00:00.500000"),
    ],
)
def test_times_that_are_numbers_have_the_declared_marks(how: dict[str, Any], text: str, time: str) -> None:
    assert read(replace(KIND, **how), text) == time


def test_a_number_with_a_mark_that_is_not_declared_is_refused_with_its_key() -> None:
    said = '"46023,5" is not a number, as timestamp_format "excel" says; set decimal = "," in \\[event\\]'
    with pytest.raises(EventError, match=said):
        read(replace(KIND, timestamp_format="excel"), "46023,5")


@pytest.mark.parametrize("blank", ["\u202f", "\u00a0", "\u2009", " "])
def test_a_blank_in_a_time_may_be_any_that_programs_write(blank: str) -> None:
    american = replace(KIND, timestamp_format="%m/%d/%Y %I:%M %p")

    assert read(american, f"01/31/2026 12:02{blank}AM") == "2026-01-31 00:02:00"
    assert read(KIND, f"2026-01-31{blank}12:02") == "2026-01-31 12:02:00"
    assert read(KIND, f"2026-01-31 12:02{blank}UTC") == "2026-01-31 12:02:00"
