"""Ends of tables as spreadsheets leave them: rows of delimiters, and a total."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.readers.blank_rows import NO_TIME
from tollgate.core.files.readers.chunks import ReadOptions, join_chunks, open_chunks
from tollgate.core.files.readers.source import Held
from tollgate.core.times.time_format import TimeFormat
from tollgate.errors import TrainingDataError

from model_build.data.table import read_labeled_events

TYPE = EventType(
    "payment",
    "id",
    "when",
    amount="amount",
    label=LabelRule("fraud", 0.0),
    entities={"card": ("card",)},
    null_values=("NULL",),
)
HEADER = "id,when,amount,card,note,fraud"
ROWS = ["a,2026-01-01,1,c1,x,0", "b,2026-01-02,2,c1,x,1"]
BLANK = "is blank: all of its cells are empty; delete it"
FEW = "if it is a total, delete the row"


def problems(*rows: str, name: str = "t.csv") -> dict[int, tuple[str, str]]:
    content = "\n".join([HEADER, *rows]).encode()
    if name.endswith("jsonl"):
        names = HEADER.split(",")
        objects = [dict(zip(names, (cell or None for cell in row.split(",")), strict=True)) for row in rows]
        content = "\n".join(map(json.dumps, objects)).encode()
    chunks = open_chunks(name, Held(content), ReadOptions())
    table, _ = join_chunks(chunks, lambda _names: None, lambda _name: True)
    return dict(EventReader(TYPE, KeyHashes()).read(table).problems)


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
@pytest.mark.parametrize("blank", [",,,,,", " ,  ,,,,", "NULL,NULL,,,,"])
def test_a_blank_row_is_said_to_be_blank(blank: str, name: str) -> None:
    assert problems(*ROWS, blank, ROWS[0].replace("a", "z"), name=name) == {2: ("", BLANK)}


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        ("Total,,12345.6,,,", "when", f"a timestamp is required; only 2 of the row's 6 cells are filled: {FEW}"),
        (",,12345.6,,,", "id", f"an id is required; only 1 of the row's 6 cells is filled: {FEW}"),
        ("c,,5,c1,x,0", "when", "a timestamp is required"),
    ],
)
def test_a_row_of_few_cells_looks_like_a_total(row: str, column: str, said: str) -> None:
    assert problems(*ROWS, row) == {2: (column, said)}


def test_training_passes_over_blank_rows_at_the_end_and_names_others(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, *ROWS, ",,,,,", " ,,,,,", ""]))
    assert list(read_labeled_events(path, TYPE).events.ids) == ["a", "b"]
    path.write_text("\n".join([HEADER, ROWS[0], ",,,,,", ROWS[1], ",,,,,"]))
    with pytest.raises(TrainingDataError, match=rf"^Row 2 {BLANK}\.$"):
        read_labeled_events(path, TYPE)
    path.write_text("\n".join([HEADER, *ROWS, "Total,,3,,,"]))
    with pytest.raises(TrainingDataError, match=r'^Row 3, column "when": a timestamp is required; only 2 of the row'):
        read_labeled_events(path, TYPE)


def test_a_table_of_nothing_but_blank_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, ",,,,,", ",,,,,"]))
    with pytest.raises(TrainingDataError, match=r"Row 1 is blank"):
        read_labeled_events(path, TYPE)


def test_a_missing_time_is_known_by_its_words() -> None:
    with pytest.raises(ValueError, match=f"^{NO_TIME}$"):
        TimeFormat().read("")


@pytest.mark.parametrize("name", ["t.tsv", "t.txt", "T.TSV", "t.tsv.gz", "t.txt.zst"])
def test_text_in_columns_goes_by_other_names_too(name: str) -> None:
    import gzip  # noqa: PLC0415

    import pyarrow as pa  # noqa: PLC0415

    content = "\n".join([HEADER, *ROWS]).replace(",", "\t").encode()
    if name.endswith(".gz"):
        content = gzip.compress(content)
    if name.endswith(".zst"):
        content = pa.compress(content, codec="zstd", asbytes=True)
    (chunk,) = open_chunks(name, Held(content), ReadOptions())
    assert list(chunk.names) == HEADER.split(",")
    assert len(chunk) == 2
