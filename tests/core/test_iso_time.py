"""ISO times and texts that are nearly one: each is read right, the same alone and in a column, or refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.readers.chunk import Chunk, Position
from tollgate.core.times.time_format import TimeFormat

from tests.hypothesis_profiles import examples

ISO = TimeFormat()
EVENT = EventType("payment", "id", "time")
NOON, HALF = "2026-03-01T12:00:00+00:00", "2026-03-01T12:30:00+00:00"


def alone(text: str, form: TimeFormat = ISO) -> int | str:
    """Return what a value is read as, or the refusal."""
    try:
        return form.read(text)
    except ValueError as error:
        return str(error)


def in_column(text: str, *others: str) -> int | str:
    """Return what the first value of a column is read as, or the refusal."""
    times = [text, *others]
    ids = pa.array([str(row) for row in range(len(times))])
    read = EventReader(EVENT, KeyHashes()).read(Chunk(["id", "time"], [ids, pa.array(times)], 0, Position()))
    return read.problems[0][1] if 0 in read.problems else int(read.events.times_us[0])


def us(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


READ = [
    *((text, NOON) for text in ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00", "2026-03-01 12:00:00", "2026-03-01T12")),
    *((text, NOON) for text in ("2026-03-01T12:00", "2026-03-01t12:00:00z", "2026-03-01\t12:00", "2026-03-01 12Z")),
    *((text, NOON) for text in ("2026-03-01\u00a012:00", "2026-03-01T12:00:00 Z", " 2026-03-01T12:00Z\n")),
    *((text, NOON) for text in ("2026-03-01 12:00:00 UTC", "2026-03-01 12:00UTC", "2026-03-01T12:00:00.000  GMT")),
    *((text, NOON) for text in ("2026-03-01T13:00:00+01:00", "2026-03-01T13:00+01", "2026-03-01 07:00:00 -0500")),
    *((text, NOON) for text in ("2026-03-01T12:00:00-00:00", "2026-03-02T02:00:00+14:00", "2026-03-01T00:00-12:00")),
    *((text, NOON) for text in ("20260301T120000Z", "20260301T1200Z", "20260301T12", "20260301 120000")),
    *((text, NOON) for text in ("20260301T130000+0100", "20260301T130000+01:00", "20260301 12:00:00", "20260301T1200")),
    *((text, NOON) for text in ("2026-W09-7T12:00:00Z", "2026W097T120000Z")),
    ("2026-03-01T12:00:30+00:00:30", NOON),
    ("2026-03-01T12:30:00.5Z", "2026-03-01T12:30:00.500000+00:00"),
    ("2026-03-01T12:30:00,5", "2026-03-01T12:30:00.500000+00:00"),
    ("2026-03-01T12:30:00.1234567+00:00", "2026-03-01T12:30:00.123456+00:00"),
    ("20260301T123000.123Z", "2026-03-01T12:30:00.123000+00:00"),
    ("2026-03-01", "2026-03-01T00:00:00+00:00"),
    ("2026-W10-1", "2026-03-02T00:00:00+00:00"),
    ("2026W101", "2026-03-02T00:00:00+00:00"),
]
# DictionaryColumn of one moment that are no ISO times, and the pattern that is named and reads them.
SUGGESTED = [
    ("20260301120000Z", "%Y%m%d%H%M%S%z", NOON),
    ("20260301120000+00:00", "%Y%m%d%H%M%S%z", NOON),
    ("20260301140000+0200", "%Y%m%d%H%M%S%z", NOON),
    ("20260301120000 UTC", "%Y%m%d%H%M%S UTC", NOON),
    ("20260301120000 +00:00", "%Y%m%d%H%M%S %z", NOON),
    ("20260301120000.0Z", "%Y%m%d%H%M%S.%f%z", NOON),
    ("20260301120000,000 +0000", "%Y%m%d%H%M%S,%f %z", NOON),
    ("202603011200Z", "%Y%m%d%H%M%z", NOON),
    ("20260301Z", "%Y%m%d%z", "2026-03-01T00:00:00+00:00"),
    ("20260301+02:00", "%Y%m%d%z", "2026-02-28T22:00:00+00:00"),
    ("2026-03-01+02:00", "%Y-%m-%d%z", "2026-02-28T22:00:00+00:00"),
    ("2026-03-01-05:00", "%Y-%m-%d%z", "2026-03-01T05:00:00+00:00"),
    ("2026-03-01Z", "%Y-%m-%d%z", "2026-03-01T00:00:00+00:00"),
    ("2026-03-01 12.30", "%Y-%m-%d %H.%M", HALF),
    ("2026-03-01X12:30", "%Y-%m-%dX%H:%M", HALF),
    ("2026-03-01_12:30:00", "%Y-%m-%d_%H:%M:%S", HALF),
    ("2026-03-01-12.30.00.000000", "%Y-%m-%d-%H.%M.%S.%f", HALF),
    ("2026-03-01T12-30-00", "%Y-%m-%dT%H-%M-%S", HALF),
    ("2026-03-01T123000", "%Y-%m-%dT%H%M%S", HALF),
    ("2026-03-01 1230", "%Y-%m-%d %H%M", HALF),
    ("20260301-123000", "%Y%m%d-%H%M%S", HALF),
    ("2026-03-01  12:30", "%Y-%m-%d  %H:%M", HALF),
    ("2026-03-01 12:30 PM", "%Y-%m-%d %I:%M %p", HALF),
    ("2026-3-1", "%Y-%m-%d", "2026-03-01T00:00:00+00:00"),
    ("2026/03/01 12:30:00", "%Y/%m/%d %H:%M:%S", HALF),
    ("2026-060", "%Y-%j", "2026-03-01T00:00:00+00:00"),
    ("01.03.2026", "%d.%m.%Y", "2026-03-01T00:00:00+00:00"),
    ("01.03.2026 12:30", "%d.%m.%Y %H:%M", HALF),
]
REFUSED = [
    *("2026-03-01T12:00:00\0", "2026-03-01T12:00:00x", "2026-03-01T12:00:00x+01:00", "2026-03-01T12:00\0+01:00"),
    *("2026-03-01T24:00", "2026-03-01T24:00:00Z", "2026-03-01T25:00", "2026-03-01T12:60", "2026-03-01T12:30:60"),
    *("2026-W10", "2026W10", "2026-W54-1", "2026-W10-8", "2026-03", "2026", "202603", "2026060", "2026-366"),
    *("03/01/26", "01/03/2026", "1.3.26", "12:30 2026-03-01", "12:30", "2026-03-00", "2026-02-29", "0000-03-01"),
    *("+12026-03-01", "+2026-03-01", "-2026-03-01", "٢٠٢٦-٠٣-٠١", "2026-03-0１", "2026-03-01T１２:00"),
    *("2026-03-01T12:30.5", "2026-03-01T12.5", "2026-03-01T12:30:00.", "2026-03-01T12:30:00,", "20260301T1200.5"),
    *("2026-03-01T12:0000", "2026-03-01T1200:00", "2026-03-01T12:3", "2026-03-01T12:30:1", "2026-03-01T", "20260301T"),
    *("2026-03-01 12-05", "2026-03-01T12+01", "2026-03-01T12-05:00", "20260301T12-05", "2026-03-01 12:30-13:30"),
    *("2026-03-01T12:30+15:00", "2026-03-01T12:30+23:59", "2026-03-01T12:30+01:75", "2026-03-01T12:30+0160"),
    *("2026-03-01T12:30:00+24:00", "2026-03-01T12:30:00+1", "2026-03-01T12:30:00+", "2026-03-01T12:30:00-"),
    *("2026-03-01T12:00:00[Europe/Berlin]", "2026-03-01T12:00:00+01:00[Europe/Berlin]", "2026-03-01 12:00 EST"),
    *(
        "2026-03-01T12:00:00Z+01:00",
        "2026-03-01T12:00:00+01:00+01:00",
        "2026-03-01T12:00:00ZZ",
        "2026-03-01 12:00Z UTC",
    ),
    *("2026-03-01 12:00+01:00 UTC", "2026-03-01 UTC", "2026-03-01 12:00 utc", "2026-03-01 12:00:00–05:00"),
    *("202603011200.5Z", "20260301120000,5", "2026-03-01/2026-03-02", "2026-03-01T12:00/13:00", "2026‑03‑01"),
    *("2026-03-01 12:30:00:123", "2026-03-01T12:00:00+01:00 (CET)", "1 March 2026", "now", "20260301.5", "1e9"),
    *("1767225600Z", "1767225600 UTC", "1767225600000+00:00", "2026-03-01T 12:00", "2026-03-01 T12:00"),
    *("2026-03-01T12:00:00.000 America/New_York", "20260301120000 EST", "20260231T120000Z", "2026-03-01\n12:00"),
]


@pytest.mark.parametrize(("text", "read"), READ)
def test_a_whole_iso_time_is_read(text: str, read: str) -> None:
    assert alone(text) == in_column(text) == in_column(text, "2026-01-01T00:00Z") == us(read)


@pytest.mark.parametrize(("text", "pattern", "read"), SUGGESTED)
def test_a_text_that_is_nearly_one_is_refused_with_the_pattern_that_reads_it(
    text: str, pattern: str, read: str
) -> None:
    said = alone(text)

    assert f'set timestamp_format = "{pattern}"' in str(said)
    assert in_column(text) == in_column(text, "2026-01-01") == said
    assert TimeFormat(pattern).read(text) == us(read)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_time_is_refused_in_one_sentence(text: str) -> None:
    said = alone(text)

    assert isinstance(said, str)
    assert ". " not in said
    assert in_column(text) == in_column(text, "2026-01-01T00:00:00Z") == said


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("2026-03-01 12:00 EST", 'leave "EST" out and set timezone'),
        ("2026-03-01T12:00:00+01:00[Europe/Berlin]", 'leave "[Europe/Berlin]" out'),
        ("1767225600Z", 'leave "Z" out'),
        ("2026-03-01-12:30", 'set timestamp_format = "%Y-%m-%d%z", or "%Y-%m-%d-%H:%M" in [event]'),
        ("03/01/26", "set timestamp_format in [event] for another form"),
    ],
)
def test_a_refusal_says_what_to_do(text: str, remedy: str) -> None:
    assert remedy in str(alone(text))


def test_a_label_may_be_known_at_a_time_of_a_pattern_that_begins_as_iso_times_do() -> None:
    assert TimeFormat("%Y-%m-%d %H.%M").read_known("2026-03-01 12.30") == us(HALF)
    assert TimeFormat("%Y-%d-%m").read_known("2026-01-03") == us("2026-03-01T00:00:00Z")
    assert TimeFormat("%Y-%d-%m").read_known("2026-03-31T12:00:00Z") == us("2026-03-31T12:00:00Z")
    with pytest.raises(ValueError, match="is no time such as"):
        ISO.read_known("2026-03-01 12.30")


NEAR = st.lists(st.sampled_from([*"0123456789::--+.,TtZz W\0x", "12", "30", "01:00", "UTC"]), max_size=9).map("".join)


@given(st.sampled_from(["", "2026-03-01", "2026-03-01T12:30", "20260301", "2026-03-01 12:30:05", "2026-W10"]), NEAR)
@example("2026-03-01", "T12-0500")
@example("2026-03-01T12:30", "-13:30")
@example("2026-03-01 12:30:05", ".123456+15")
@settings(max_examples=examples(600))
def test_any_text_is_read_the_same_alone_and_in_a_column(start: str, more: str) -> None:
    text = start + more
    if text.strip():
        said = alone(text)
        assert in_column(text) == in_column(text, "2026-01-01T00:00:00") == in_column(text, "2026-01-01T00:00Z") == said


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)),
    st.sampled_from(["", "Z", "+00:00", "+05:30", "-0800", "+14", "-12:00", "+15:00", "-13", "+1445"]),
    st.integers(1, 4),
)
def test_offsets_of_a_sliced_column_are_those_of_its_values(wall: datetime, zone: str, skipped: int) -> None:
    texts = [f"{wall:%Y-%m-%dT%H:%M}{zone}", f"{wall.isoformat()}{zone}", f"{wall:%Y-%m-%d %H}{zone}"] * 2
    column = pa.array(["?"] * skipped + texts).slice(skipped)
    ids = pa.array([str(row) for row in range(len(texts))])
    read = EventReader(EVENT, KeyHashes()).read(Chunk(["id", "time"], [ids, column], 0, Position()))

    said = [alone(text) for text in texts]
    assert {row: reason for row, (_, reason) in read.problems.items()} == {
        row: one for row, one in enumerate(said) if isinstance(one, str)
    }
    assert np.array_equal(read.events.times_us, [one for one in said if isinstance(one, int)])
