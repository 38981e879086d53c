"""Files as people have them, in chunks: the same rows however they are packed, written and cut."""

from __future__ import annotations

import codecs
import gzip
import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.files.file_format import FileForm
from tollgate.core.files.readers.chunks import Position, ReadOptions, open_chunks
from tollgate.core.files.readers.csv_rows import CsvDialect, read_rows
from tollgate.core.files.readers.source import Held
from tollgate.errors import TableError

from tests.core.files.scored import rows_of
from tests.hypothesis_profiles import examples

TABLE = 'name;town;amount\nŁódź;"a;b\nc";1,5\n日本;"say ""hi""";2\n'
ROWS = [["Łódź", "a;b\nc", "1,5"], ["日本", 'say "hi"', "2"]]
PLAIN = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000))


def read(content: bytes, name: str = "x.csv", options: ReadOptions | None = None) -> list[list[object]]:
    rows, wrong = rows_of(list(open_chunks(name, Held(content), options)))
    assert not wrong
    return rows


def zstd(content: bytes) -> bytes:
    packed: bytes = pa.Codec("zstd").compress(content, asbytes=True)
    return packed


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        codecs.BOM_UTF8 + TABLE.encode(),
        TABLE.encode("utf-16"),
        codecs.BOM_UTF16_BE + TABLE.encode("utf-16-be"),
        TABLE.replace("\n", "\r\n").replace("b\r\nc", "b\nc").encode(),
        TABLE.replace("\n", "\r").replace("b\rc", "b\nc").encode(),
        TABLE.replace("\n", "\n\n").replace("b\n\nc", "b\nc").encode(),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16", "utf-16 big end", "crlf", "cr", "empty lines"],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
@pytest.mark.parametrize("rows", [1, 2, 100])
def test_one_table_however_it_is_written(content: bytes, pack: object, rows: int) -> None:
    name = {bytes: "x.csv", gzip.compress: "X.CSV.GZ", zstd: "x.csv.zst"}[pack]

    assert read(pack(content), name, ReadOptions(chunk_rows=rows)) == ROWS  # type: ignore[operator]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le"])
def test_a_declared_encoding_and_delimiter_are_taken(encoding: str) -> None:
    content = "a:b\nMüller:1\n".encode(encoding)

    assert read(content, options=ReadOptions(FileForm(":", encoding))) == [["Müller", "1"]]


@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.csv.zst", "x.jsonl", "x.jsonl.gz", "x.parquet"])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_reading_goes_on_where_it_was_left(name: str, after: int) -> None:
    table = pa.table({"a": list(range(5000)), "b": [n * n for n in range(5000)]})
    out = io.BytesIO()
    pa.parquet.write_table(table, out, row_group_size=1700)
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in table.to_pylist())
    content = out.getvalue() if "parquet" in name else lines if "jsonl" in name else PLAIN
    content = gzip.compress(content) if name.endswith("gz") else zstd(content) if name.endswith("zst") else content
    options = ReadOptions(chunk_rows=900)
    whole = list(open_chunks(name, Held(content), options))

    rest = list(open_chunks(name, Held(content), options, Position.from_json(whole[after].after.to_json())))

    assert [chunk.first_row for chunk in rest] == [chunk.first_row for chunk in whole[after + 1 :]]
    assert [len(chunk) for chunk in rest] == [len(chunk) for chunk in whole[after + 1 :]]
    assert rows_of(whole)[0][-1] == [
        column[-1] if isinstance(column, list) else column[-1].as_py() for column in rest[-1].columns
    ]


CELLS = st.text(st.sampled_from('ab,"\n\r1 é\0\\'), max_size=12)


@given(st.lists(CELLS, max_size=8).map("\n".join), st.integers(1, 4))
@settings(max_examples=examples(500))
def test_quick_reading_gives_what_pythons_own_reader_gives(body: str, chunk_rows: int) -> None:
    expected = read_rows(CsvDialect(["x", "y"], ","), body.encode(), 1000, at_end=True)
    try:
        rows, wrong = rows_of(
            list(open_chunks("x.csv", Held(b"x,y\n" + body.encode()), ReadOptions(chunk_rows=chunk_rows)))
        )
    except TableError:
        assert not expected.rows or "\0" in body  # a header has none
        return

    assert [[cell or "" for cell in row] for row in rows] == expected.rows
    assert wrong == expected.misshapen


def test_json_lines_keep_their_types_and_tell_what_is_wrong() -> None:
    lines = [
        '{"a": 1, "b": "x"}', "", '{"b": null, "a": 1.5}', "[1]", '{"a": NaN}', '{"a": 1, "a": 2}', "{", '{"a": true}',
    ]  # fmt: skip

    rows, wrong = rows_of(list(open_chunks("x.jsonl", Held("\n".join(lines).encode()))))

    assert rows == [[1, "x"], [1.5, None], [None, None], [None, None], [None, None], [None, None], [True, None]]
    assert sorted(wrong) == [2, 3, 4, 5]
    assert wrong[2] == "is not a JSON object"
    assert wrong[3] == "is not valid JSON: NaN is not a number that JSON knows"


def test_parquet_keeps_its_types() -> None:
    when = datetime(2026, 1, 5, 13, 24, 11, tzinfo=UTC)
    table = pa.table({"a": [1, None], "b": ["x", ""], "t": pa.array([when, None])})
    out = io.BytesIO()
    pa.parquet.write_table(table, out)

    assert read(out.getvalue(), "x.PARQUET") == [[1, "x", when], [None, "", None]]
