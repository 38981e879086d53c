"""CSV and other files as programs really leave them: read for what they are, or named in one sentence."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.events.reader import require_columns
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.labels import read_label_table
from tollgate.core.files.readers.chunks import Chunk, ReadOptions, count_rows, open_chunks
from tollgate.core.files.readers.source import Held
from tollgate.errors import InputError, TableError

from model_build.data.table import read_labeled_events
from tests.core.files.scored import rows_of

TYPE = EventType("payment", "id", "time", amount="amount", label=LabelRule("fraud", 0.0), entities={"shop": ("shop",)})
HEADER = "id;time;amount;shop;fraud"
ROWS = "a;2026-01-01;1.5;x;0\nb;2026-01-02;2.5;y;1\n"
TEXT = f"{HEADER}\n{ROWS}"
ESCAPED = 'a quote within a cell is written "", and here stands \\"'


def scored(content: bytes, name: str = "t.csv") -> list[list[object]]:
    rows, wrong = rows_of(list(open_chunks(name, Held(content))))
    assert not wrong
    return rows


def trained_ids(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    return list(read_labeled_events(path, TYPE).events.ids)


def refusal(path: Path, content: bytes) -> str:
    """Return why a file is refused, by scoring and training alike."""
    with pytest.raises(TableError) as by_scoring:
        list(open_chunks(path.name, Held(content)))
    path.write_bytes(content)
    with pytest.raises(TableError) as by_training:
        read_labeled_events(path, TYPE)
    assert str(by_scoring.value) == str(by_training.value)
    assert "\n" not in str(by_scoring.value)
    return str(by_scoring.value)


def parquet() -> bytes:
    out = io.BytesIO()
    columns = [("a", "2026-01-01", 1.5, "x", 0), ("b", "2026-01-02", 2.5, "y", 1)]
    pq.write_table(pa.table(dict(zip(HEADER.split(";"), map(list, zip(*columns, strict=True)), strict=True))), out)
    return out.getvalue()


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, TEXT)
    return out.getvalue()


@pytest.mark.parametrize("first", ["sep=;\n", "sep=;\r\n", "SEP=;\n", '"sep=;"\n', "sep=;;;;\n", "\n\nsep=;\n"])
@pytest.mark.parametrize(
    "encode", [str.encode, lambda text: codecs.BOM_UTF8 + text.encode(), lambda text: text.encode("utf-16")]
)
def test_excels_line_names_the_delimiter(tmp_path: Path, first: str, encode: object) -> None:
    content = encode(f"{first}{TEXT}")  # type: ignore[operator]
    assert scored(content) == [["a", "2026-01-01", "1.5", "x", "0"], ["b", "2026-01-02", "2.5", "y", "1"]]
    assert trained_ids(tmp_path / "t.csv", content) == ["a", "b"]
    labels = read_label_table(TYPE, open_chunks("t.csv", Held(content)))
    assert list(labels.event_ids) == ["a", "b"]


def test_reading_goes_on_behind_excels_line() -> None:
    content = f"sep=;\n{TEXT}".encode()
    first, second = open_chunks("t.csv", Held(content), ReadOptions(chunk_rows=1))
    (again,) = open_chunks("t.csv", Held(content), ReadOptions(chunk_rows=1), first.after)
    assert [column.to_pylist() for column in again.columns] == [column.to_pylist() for column in second.columns]


def test_a_column_that_only_looks_like_excels_line_is_a_column() -> None:
    assert scored(b"sep=x\n1\n") == [["1"]]
    assert scored(b"sep=;,b\n1,2\n") == [["1", "2"]]


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        (r'1,"5\" pipe",2', f"cannot be read; {ESCAPED}"),
        (r'1,"he said \"hi\"",2', f"cannot be read; {ESCAPED}"),
        (r'1,"a \"b, c\" d",2', f"has 4 cells where the header has 3; {ESCAPED}"),
        (r"1,5\" pipe,2", f"cannot be read; {ESCAPED}"),
        (r'1,"pipe 5\"",2', f"cannot be read; {ESCAPED}"),
    ],
)
def test_a_quote_escaped_by_a_backslash_is_named_and_spoils_its_own_row_only(row: str, wrong: str) -> None:
    rows, found = rows_of(list(open_chunks("t.csv", Held(f'a,b,c\n1,"x",2\n{row}\n3,"y",4\n5,z,6\n'.encode()))))
    assert found == {1: wrong}
    assert [rows[0], *rows[2:]] == [["1", "x", "2"], ["3", "y", "4"], ["5", "z", "6"]]


@pytest.mark.parametrize(
    ("cell", "value"), [(r'"C:\dir\"', "C:\\dir\\"), (r'"a\b"', "a\\b"), (r'"say \""hi\"""', 'say \\"hi\\"')]
)
def test_a_backslash_that_escapes_nothing_is_a_character(cell: str, value: str) -> None:
    assert scored(f"a,b\n{cell},2\n".encode()) == [[value, "2"]]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.csv.zst"])
@pytest.mark.parametrize(
    "content",
    [gzip.compress(TEXT.encode(), mtime=0), pa.Codec("zstd").compress(TEXT.encode(), asbytes=True), parquet()],
)
def test_what_is_packed_or_parquet_is_read_whatever_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    assert trained_ids(tmp_path / name, content) == ["a", "b"]
    assert [str(row[0]) for row in scored(content, name)] == ["a", "b"]
    assert count_rows(name, Held(content)) == (2 if content.startswith(b"PAR1") else None)


def orc() -> bytes:
    out = io.BytesIO()
    pyarrow.orc.write_table(pa.table({"id": ["a"]}), out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl", "t.csv.gz"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped("t.csv"), "a ZIP archive; take the file out of it."),
        (zipped("xl/workbook.xml"), 'an Excel workbook (XLSX); save it as "CSV UTF-8" in Excel.'),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "an Excel workbook (XLS)"),
        (orc(), "an ORC file; write it as CSV, JSON lines or Parquet."),
        (b"Obj\x01" + bytes(50), "an Avro file"),
        (b"<!DOCTYPE html>\n<html></html>", "a web page"),
    ],
    ids=["zip", "xlsx", "xls", "orc", "avro", "html"],
)
def test_another_kind_of_file_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    message = refusal(tmp_path / name, content)
    assert message.startswith(f'"{name}" is not what its name says but ')
    assert said in message


@pytest.mark.parametrize("header", ["ORCID", "PAR1", "BZhao", "Object", "PKey"])
def test_a_column_may_be_called_like_a_kind_of_file(header: str) -> None:
    assert scored(f"{header},b\n1,2\n".encode()) == [["1", "2"]]


def test_a_packed_parquet_file_is_to_be_unpacked(tmp_path: Path) -> None:
    assert "is packed by gzip; unpack it first" in refusal(tmp_path / "t.parquet", gzip.compress(parquet()))
    assert "packed once more" in refusal(tmp_path / "t.csv.gz", gzip.compress(gzip.compress(TEXT.encode())))


def test_training_says_of_a_bad_row_what_scoring_says_of_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(TEXT + "c;2026-01-03;1;x;0;secret\n")
    with pytest.raises(TableError, match=r"^Row 3 has 6 cells where the header has 5\.$"):
        read_labeled_events(path, TYPE)
    path.write_bytes(TEXT.replace("y", "Café").encode("latin-1"))
    with pytest.raises(
        TableError, match=r'^Row 2 is not UTF-8 text; declare encoding in \[files\], such as "cp1252"\.$'
    ):
        read_labeled_events(path, TYPE)


def test_training_takes_json_lines(tmp_path: Path) -> None:
    lines = b'{"id": "a", "time": "2026-01-01", "amount": 1.5, "shop": 7, "fraud": 0}\n{"id": "b", "time": "2026-01-02", "fraud": true, "shop": null, "amount": null}\n'  # noqa: E501
    path = tmp_path / "t.jsonl.zst"
    path.write_bytes(pa.Codec("zstd").compress(lines, asbytes=True))
    data = read_labeled_events(path, TYPE)
    assert list(data.events.ids) == ["a", "b"]
    assert data.labels.tolist() == [0, 1]
    assert list(data.events.entities["shop"].values) == ["7"]


WITHOUT_ID = EventType("payment", None, "time", amount="amount", label=LabelRule("fraud", 0.0))


def test_row_numbers_serve_as_ids_where_none_are_declared(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time,amount,fraud\n2026-01-02,1,0\n2026-01-01,2,1\n")
    assert list(read_labeled_events(path, WITHOUT_ID).events.ids) == ["2", "1"]
    reader = EventReader(WITHOUT_ID, KeyHashes())
    chunks: list[Chunk] = list(open_chunks("t.csv", Held(path.read_bytes()), ReadOptions(chunk_rows=1)))
    assert [list(reader.read(chunk).events.ids) for chunk in chunks] == [["1"], ["2"]]


def test_where_ids_are_needed_the_key_is_named() -> None:
    from tollgate.core.events.reader import read_event, require_id  # noqa: PLC0415

    for ask in (lambda: require_id(WITHOUT_ID), lambda: read_event(WITHOUT_ID, {"time": "2026-01-01"})):
        with pytest.raises(InputError, match=r"set id in \[event\]"):
            ask()
    with pytest.raises(TableError, match=r"leave id out of \[event\]"):
        require_columns(TYPE, ["time", "amount", "shop"])
