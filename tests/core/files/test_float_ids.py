"""Notes on ids that came as floats with more digits than these hold, in training and in scoring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.notes.column_notes import ColumnNotes, count_inexact
from tollgate.core.files.readers.chunk import Chunk, Position

from model_build.data.quality import note_values
from model_build.data.table import read_labeled_events

KIND = EventType("payment", None, "when", entities={"card": ("card",)}, label=LabelRule("fraud", 0.0))
ACCOUNTS = [4_111_111_281_111_112_000.0 + 4096 * row for row in range(30)]
SAID = (
    'Column "card": 30 values such as 4111111281111112192 are floats with more digits than these hold, so a '
    "spreadsheet or a data frame may have rounded different ones to one: export the column as "
    "text, or as whole numbers of 64 bits."
)


def scored(column: Any) -> list[str]:  # noqa: ANN401
    names, columns = ["when", "card"], [pa.array(["2026-01-05"] * len(column)), column]
    if isinstance(column, list):
        columns[0] = columns[0].to_pylist()
    read = EventReader(KIND, KeyHashes()).read(Chunk(names, columns, 0, Position()))
    assert not read.problems
    notes = ColumnNotes()
    notes.add(KIND, read.events, dict(zip(names, columns, strict=True)))
    return notes.describe()


def trained(column: pa.Array, path: Path) -> list[str]:
    whens = pa.array(["2026-01-05"] * len(column))
    fraud = pa.array([row % 2 for row in range(len(column))])
    pq.write_table(pa.table({"when": whens, "card": column, "fraud": fraud}), path)
    return list(note_values(read_labeled_events(path, KIND), KIND))


@pytest.mark.parametrize(
    "column",
    [
        pa.array(ACCOUNTS),
        pa.array([*ACCOUNTS, None, float("nan")]),
        pa.array(ACCOUNTS).dictionary_encode(),
        pa.chunked_array([ACCOUNTS[:7], ACCOUNTS[7:]]),
        [*ACCOUNTS, "4.1", 7.0, None],
    ],
    ids=["floats", "with missing ones", "dictionary", "chunks", "JSON"],
)
def test_floats_that_may_have_been_rounded_are_noted(column: Any, tmp_path: Path) -> None:  # noqa: ANN401
    assert scored(column) == [SAID]
    if not isinstance(column, list):
        assert trained(column, tmp_path / "t.parquet") == [SAID]


def test_exact_ids_are_not() -> None:
    for column in (
        pa.array([2.0**53 - 1, 7.0, None, float("nan"), float("inf")]),
        pa.array([4_111_111_281_111_112_193]),
        pa.array(["4111111281111112192"]),
        [4_111_111_281_111_112_193, 7.0, "x", None, True, float("inf")],
    ):
        assert count_inexact(column) == (0, "")


def test_smaller_floats_hold_fewer_digits() -> None:
    assert count_inexact(pa.array(np.array([2**24 - 1, 2**24], dtype=np.float32))) == (1, "16777216")
    assert count_inexact(pa.array(np.array([2047, 2048, np.inf], dtype=np.float16))) == (1, "2048")
