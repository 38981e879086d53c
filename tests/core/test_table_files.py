"""Files as people have them: read, or refused in one sentence; and written so that no spreadsheet runs a cell."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.table_files import FileTable, read_file, safe_cell, write_csv
from tollgate.errors import TableError

LARGEST = 1 << 20
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"


def read(content: bytes | str, name: str = "x.csv") -> FileTable:
    return read_file(name, content.encode() if isinstance(content, str) else content, LARGEST)


def as_lists(table: FileTable) -> tuple[list[str], list[list[object]]]:
    return list(table.names), [list(column) for column in table.columns]


def refusal(content: bytes | str, name: str = "x.csv") -> str:
    with pytest.raises(TableError) as refused:
        read(content, name)
    message = str(refused.value)
    assert f'"{name}"' in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


def parquet_bytes(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pa.parquet.write_table(table, out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n",
        "a,b\n1,x\n2,y",
        "a,b\r\n1,x\r\n2,y\r\n",
        "a,b\r1,x\r2,y\r",
        "\ufeffa,b\n1,x\n2,y\n",
        "a;b\n1;x\n2;y\n",
        "a\tb\n1\tx\n2\ty\n",
        "a|b\n1|x\n2|y\n",
        " a , b \n1,x\n2,y\n",
        '"a","b"\n"1","x"\n"2","y"\n',
        "a,b\n\n1,x\n\n2,y\n\n",
    ],
    ids=["lf", "no-end", "crlf", "cr", "bom", "semicolon", "tab", "bar", "blanks", "quoted", "empty-lines"],
)
def test_one_table_in_many_dialects(content: str) -> None:
    assert as_lists(read(content)) == (["a", "b"], [["1", "2"], ["x", "y"]])
    assert as_lists(read(gzip.compress(content.encode()), "X.CSV.GZ")) == (["a", "b"], [["1", "2"], ["x", "y"]])


def test_quoted_delimiters_quotes_and_newlines_stay_in_their_cell() -> None:
    table = read('a,b\n"1,5","say ""hi""\nthere"\n2,y\n')

    assert as_lists(table) == (["a", "b"], [["1,5", "2"], ['say "hi"\nthere', "y"]])


def test_semicolons_with_decimal_commas_stay_whole() -> None:
    assert as_lists(read("a;b;c\n1,5;x;2,5\n")) == (["a", "b", "c"], [["1,5"], ["x"], ["2,5"]])


def test_letters_of_all_languages_are_read() -> None:
    assert as_lists(read("name,b\nŁódź,日本\n")) == (["name", "b"], [["Łódź"], ["日本"]])


def test_ragged_rows_keep_their_place_with_a_reason() -> None:
    table = read("a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12\n")

    assert len(table) == 4
    assert list(table.columns[0]) == ["1", "4", "6", "10"]
    assert table.misshapen == {
        1: "has 2 cells where the header has 3",
        2: "has 4 cells where the header has 3",
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("a,b\n", "has a header and no rows"),
        ("a,b", "has a header and no rows"),
        ("\n\n", "no header"),
        ("\ufeff", "no header"),
        (",,\n1,2,3\n", "no header"),
        (PNG, "not UTF-8 text"),
        (b"PK\x03\x04\x14\x00\x00\x00", "NUL"),
        ("a,b\n1,\0\n", "NUL"),
        ("a,b\nM\xfcller,1\n".encode("latin-1"), "not UTF-8 text"),
        ("a,b\n1,x\n".encode("utf-16"), "not UTF-8 text"),
        ("a\n" + "x" * 200_000 + "\n", "line 2"),
    ],
    ids=["empty", "header", "header-no-end", "lines", "bom", "commas", "png", "zip", "nul", "latin", "utf16", "long"],
)
def test_what_is_no_csv_is_refused_with_its_reason(content: bytes | str, said: str) -> None:
    assert said in refusal(content)


@pytest.mark.parametrize("name", ["x.xlsx", "x", "x.csv.zip", "csv", "x.json", "x.gz"])
def test_other_kinds_of_file_are_refused_with_those_that_are_read(name: str) -> None:
    assert ".csv, .csv.gz, .parquet" in refusal("a\n1\n", name)


@pytest.mark.parametrize("cut", [1, 5, 15, 30, -1, -8])
def test_truncated_gzip_is_refused(cut: int) -> None:
    content = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(100)))[:cut]

    assert "not whole gzip data" in refusal(content, "x.csv.gz")


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", PNG, gzip.compress(b"a\n1\n", mtime=0) + b"more"])
def test_what_is_no_gzip_is_refused(content: bytes) -> None:
    assert "not whole gzip data" in refusal(content, "x.csv.gz")


def test_a_damaged_gzip_is_refused() -> None:
    content = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 500, mtime=0))
    content[len(content) // 2] ^= 255

    assert "not whole gzip data" in refusal(bytes(content), "x.csv.gz")


def test_a_zip_bomb_is_refused_before_it_is_unzipped_whole() -> None:
    bomb = gzip.compress(b"a\n" + b"1\n" * (32 << 20))
    assert len(bomb) < LARGEST
    tracemalloc.start()
    try:
        message = refusal(bomb, "x.csv.gz")
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert "unzips to more than 1 MB; split it" in message
    assert peak_bytes < 8 * LARGEST


def test_a_file_that_unzips_to_exactly_the_limit_is_read() -> None:
    plain = b"a\n" + b"1\n" * (LARGEST // 2 - 1)
    assert len(plain) == LARGEST

    assert len(read(gzip.compress(plain), "x.csv.gz")) == LARGEST // 2 - 1


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", PNG, b"PAR1", b"PAR1" * 5, gzip.compress(b"PAR1", mtime=0)])
def test_what_is_no_parquet_is_refused(content: bytes) -> None:
    assert "is not a Parquet file" in refusal(content, "x.parquet")


def test_parquet_keeps_its_types_and_what_is_missing() -> None:
    when = datetime(2026, 1, 5, 13, 24, 11, tzinfo=UTC)
    table = pa.table({"a": [1, None], "b": ["x", ""], "c": [1.5, None], "t": pa.array([when, None])})

    assert as_lists(read(parquet_bytes(table), "x.PARQUET")) == (
        ["a", "b", "c", "t"],
        [[1, None], ["x", ""], [1.5, None], [when, None]],
    )


def test_parquet_of_not_a_number_is_missing_as_it_is_in_training() -> None:
    table = read(parquet_bytes(pa.table({"a": [1.5, float("nan")]})), "x.parquet")

    assert table.columns[0] == [1.5, None]


def test_parquet_times_of_nanoseconds_become_microseconds() -> None:
    times = pa.array([1_767_619_451_000_000_001, None], pa.timestamp("ns", "UTC"))

    (column,) = read(parquet_bytes(pa.table({"t": times})), "x.parquet").columns

    assert type(column[0]) is datetime
    assert column == [datetime(2026, 1, 5, 13, 24, 11, tzinfo=UTC), None]


def test_parquet_without_rows_is_refused() -> None:
    assert "no rows" in refusal(parquet_bytes(pa.table({"a": pa.array([], pa.int64())})), "x.parquet")


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=4), st.integers(0, 400))
@settings(max_examples=200)
def test_a_damaged_parquet_is_read_or_refused(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(parquet_bytes(pa.table({"name": ["a", "é"] * 20, "amount": [1.0, 2.0] * 20})))
    for place, flip in changes:
        content[place % len(content)] ^= flip
    # Any other error than this one would stop a whole batch.
    with suppress(TableError):
        read(bytes(content[: len(content) - cut if cut < 100 else len(content)]), "x.parquet")


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_any_bytes_are_a_table_or_refused(content: bytes) -> None:
    try:
        table = read(content)
    except TableError:
        return
    assert all(len(column) == len(table) for column in table.columns)


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "=", "-", "--5"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+4.50", "-1e3", "x=1", "a-b", "'=1", "", "1-2", "ü"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


@pytest.mark.parametrize(
    ("value", "cell"), [(-5, "-5"), (-0.25, "-0.25"), (1e-7, "1e-07"), (0.1 + 0.2, "0.30000000000000004"), (None, "")]
)
def test_numbers_stay_numbers(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


def test_column_names_are_escaped_too() -> None:
    assert write_csv(["=a", "b"], [["1"], ["2"]]) == b"'=a,b\n1,2\n"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
@settings(max_examples=200)
def test_what_is_written_is_what_was_there_but_for_the_apostrophe(rows: list[tuple[str, str]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]

    again = list(csv.reader(io.StringIO(write_csv(["a", "b"], columns).decode(), newline="")))

    assert again[0] == ["a", "b"]
    assert again[1:] == [[safe_cell(cell) for cell in row] for row in rows]
    for row in again[1:]:
        assert not any(cell.startswith(("=", "@")) for cell in row)
