"""Tables that training cannot read are refused in one sentence, with row and column."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from tollgate.core.events.event_type import EventType, LabelRule

from model_build.data.table import read_labeled_events
from tests.training.small_table import SMALL, refusal, write


def test_a_missing_column_is_named_with_the_nearest_there_is(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, "id,time,ammount,fraud\na,2026-01-01,1,0\n"))
    assert 'lacks the declared column "amount" (did you mean "ammount"?)' in message


def test_a_missing_label_column_is_named(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, "id,time,amount,is_fraud\na,2026-01-01,1,0\n"))
    assert '"fraud" (did you mean "is_fraud"?)' in message


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    assert 'more than one column named "amount"' in refusal(
        write(tmp_path, "id,time,amount,fraud,amount\na,2026-01-01,1,0,2\n")
    )


def test_columns_that_nobody_declared_are_told(tmp_path: Path) -> None:
    data = read_labeled_events(write(tmp_path, "id,time,amount,fraud,color\na,2026-01-01,1,0,red\n"), SMALL)
    assert data.unused_columns == ("color",)


def test_a_label_of_another_word_is_refused_with_its_row(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, "id,time,amount,fraud\na,2026-01-01,1,0\nb,2026-01-01,1,maybe\n"))
    assert message.startswith('Row 2, column "fraud": "maybe" is not "fraud"')


def test_declared_label_words_are_understood(tmp_path: Path) -> None:
    event_type = replace(SMALL, label=LabelRule("fraud", 0.0, None, ("chargeback",), ("ok",)))
    path = write(tmp_path, "id,time,amount,fraud\na,2026-01-01,1, OK\nb,2026-01-01,1,Chargeback\nc,2026-01-01,1,\n")
    assert read_labeled_events(path, event_type).labels.tolist() == [0, 1, -1]


def test_an_undeclared_word_is_refused_where_words_are_declared(tmp_path: Path) -> None:
    event_type = replace(SMALL, label=LabelRule("fraud", 0.0, None, ("chargeback",), ("ok",)))
    assert 'column "fraud": "1" is not' in refusal(
        write(tmp_path, "id,time,amount,fraud\na,2026-01-01,1,1\n"), event_type
    )


@pytest.mark.parametrize(
    "labels", [pa.array([True, False, None]), pa.array([1.0, 0.0, None]), pa.array(["fraud", "legit", None])], ids=str
)
def test_labels_are_read_from_any_column_type(tmp_path: Path, labels: pa.Array) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"id": ["a", "b", "c"], "time": ["2026-01-01"] * 3, "amount": [1, 2, 3], "fraud": labels}), path
    )
    assert read_labeled_events(path, SMALL).labels.tolist() == [1, 0, -1]


def test_a_repeated_id_is_refused_with_both_rows(tmp_path: Path) -> None:
    text = "id,time,amount,fraud\na,2026-01-01,1,0\nb,2026-01-01,1,0\nc,2026-01-01,1,0\nb ,2026-01-01,1,0\n"
    assert refusal(write(tmp_path, text)) == 'Row 4, column "id": id "b" was already used in row 2.'


@pytest.mark.parametrize(
    ("row", "column", "shown"),
    [
        ("b,31/01/2026,1,0", "time", '"31/01/2026" is no time'),
        ("b,,1,0", "time", "a timestamp is required"),
        ("b,1767225600000000,1,0", "time", 'set timestamp_format = "epoch_us"'),
        ("b,0001-01-01,1,0", "time", "0001-01-01"),
        ("b,2026-01-01,twelve,0", "amount", '"twelve" is not a number'),
        ("b,2026-01-01,inf,0", "amount", '"inf" is not a finite number'),
        ("b,2026-01-01,nan,0", "amount", '"nan" is not a finite number'),
        ("b,2026-01-01,1e300,0", "amount", "beyond"),
        ("b,2026-01-01,1e13,0", "amount", "is not between"),
        (",2026-01-01,1,0", "id", "an id is required"),
        ("x" * 300 + ",2026-01-01,1,0", "id", "longer than 256 characters"),
    ],
)
def test_a_bad_cell_is_refused_with_row_and_column(tmp_path: Path, row: str, column: str, shown: str) -> None:
    message = refusal(write(tmp_path, f"id,time,amount,fraud\na,2026-01-01,1,0\n{row}\n"))
    assert message.startswith(f'Row 2, column "{column}": ')
    assert shown in message


def test_many_bad_cells_are_counted(tmp_path: Path) -> None:
    message = refusal(write(tmp_path, "id,time,amount,fraud\na,2026-01-01,x,0\nb,2026-01-01,y,0\n"))
    assert message.endswith('Row 1, column "amount": "x" is not a number (2 such values in this column).')


def test_an_infinite_number_of_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": ["a"], "time": ["2026-01-01"], "amount": [float("inf")], "fraud": [1]}), path)
    assert refusal(path).startswith('Row 1, column "amount": "inf" is not a finite number')


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "is empty"),
        ("t.parquet", b"", "is empty"),
        ("t.csv", b"\n", "has no header"),
        ("t.csv", b"id,time,amount,fraud\n", "has a header and no rows"),
        ("t.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG picture"),
        ("t.csv", b"PAR1\0\0\0", "is not a Parquet file"),
        ("t.csv", "id,time,amount,fraud\n".encode("utf-16"), "t.csv"),
        (
            "t.csv",
            b"id,time,amount,fraud\na,2026-01-01,1,\xff\n",
            'Row 1 is not UTF-8 text; declare encoding in [files], such as "cp1252".',
        ),
        ("t.csv", b"id,time,amount,fraud\na,2026-01-01\n", "Row 1 has 2 cells where the header has 4."),
        ("t.csv.gz", b"id,time,amount,fraud\na,2026-01-01,1,0\n", "is not whole gzip data"),
        (
            "t.csv.gz",
            gzip.compress(b"id,time,amount,fraud\na,2026-01-01,1,0\n" * 9, mtime=0)[:-20],
            "is not whole gzip data",
        ),
        ("t.parquet", b"id,time,amount,fraud\na,2026-01-01,1,0\n", "is not a Parquet file"),
        ("t.xlsx", b"PK\3\4", "is not one of .csv, .jsonl"),
        ("t", b"id", "is not one of .csv, .jsonl"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_name(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    message = refusal(path)
    assert said in message
    assert message.endswith(".")


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({name: pa.array([], pa.string()) for name in ("id", "time", "amount", "fraud")}), path)
    assert "has a header and no rows" in refusal(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert f"File {tmp_path / 'nowhere.csv'} does not exist" in refusal(tmp_path / "nowhere.csv")


def test_a_detector_without_a_label_cannot_learn(tmp_path: Path) -> None:
    assert "has no label in [event]" in refusal(
        write(tmp_path, "id,time\na,2026-01-01\n"), EventType("e", "id", "time")
    )
