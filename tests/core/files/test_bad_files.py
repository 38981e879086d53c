"""Files that are damaged, hostile or odd end in bounded time and memory, with a row's or the file's reason."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.files.readers import decompress
from tollgate.core.files.readers.chunks import Chunk, ReadOptions, open_chunks
from tollgate.core.files.readers.source import Held
from tollgate.errors import TableError

from tests.core.files.scored import rows_of
from tests.hypothesis_profiles import examples

MB = 1 << 20
GOOD = b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(1000))


@dataclass
class Repeated:
    """A source that begins with some bytes and goes on with others, again and again, without holding them."""

    start: bytes
    more: bytes
    size_bytes: int
    end: bytes = b"\n3,4\n"

    def read_at(self, offset: int, length: int) -> bytes:
        stop = min(offset + length, self.size_bytes)
        chunk = bytearray(
            (self.more * ((stop - offset) // len(self.more) + 2))[offset % len(self.more) :][: stop - offset]
        )
        for place, part in ((0, self.start), (self.size_bytes - len(self.end), self.end)):
            low, high = max(place, offset), min(place + len(part), stop)
            if low < high:
                chunk[low - offset : high - offset] = part[low - place : high - place]
        return bytes(chunk)


@contextmanager
def at_most(most_bytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most_bytes
    finally:
        tracemalloc.stop()


def reason_of(content: bytes, name: str = "x.csv", options: ReadOptions | None = None) -> str:
    with pytest.raises(TableError) as refused:
        for _ in open_chunks(name, Held(content), options):
            pass
    message = str(refused.value)
    assert f'"{name}"' in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


def read(content: bytes) -> tuple[list[list[object]], dict[int, str]]:
    return rows_of(list(open_chunks("x.csv", Held(content))))


@pytest.mark.parametrize("cut", [1, 5, 15, 30, -1, -8])
@pytest.mark.parametrize(("suffix", "codec"), [("gz", "gzip"), ("zst", "zstd")])
def test_packed_data_that_ends_early_is_refused(cut: int, suffix: str, codec: str) -> None:
    content = pa.Codec(codec).compress(GOOD, asbytes=True)[:cut]

    assert f"not whole {codec} data" in reason_of(content, f"x.csv.{suffix}")


@pytest.mark.parametrize("content", [GOOD, gzip.compress(GOOD, mtime=0) + b"more", b"\x89P" * 9])
def test_what_is_no_gzip_is_refused(content: bytes) -> None:
    assert "not whole gzip data" in reason_of(content, "x.csv.gz")


@pytest.mark.parametrize("zeros", [1, 7, 8, 512, 1 << 20])
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz"])
def test_zeros_behind_gzip_are_passed_over(zeros: int, name: str) -> None:
    packed = gzip.compress(GOOD, mtime=0)
    whole = rows_of(list(open_chunks("x.csv", Held(GOOD))))

    assert rows_of(list(open_chunks(name, Held(packed + bytes(zeros))))) == whole
    half = len(GOOD) // 2
    parts = gzip.compress(GOOD[:half], mtime=0) + bytes(zeros) + gzip.compress(GOOD[half:], mtime=0)
    assert rows_of(list(open_chunks(name, Held(parts)))) == whole


OBJECT = b'{"a": 1, "b": "x"}'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[" + b", ".join([OBJECT] * 3) + b"]", "is a JSON array; write one object a line, as jq -c '.[]' does"),
        (b"[\n" + b",\n".join([OBJECT] * 3) + b"\n]\n", "is a JSON array"),
        (b"\xef\xbb\xbf \n[" + OBJECT + b"\n," + OBJECT + b"]", "is a JSON array"),
        (b"[" + b", ".join([OBJECT] * (MB // 4)) + b"]", "is a JSON array"),
        (b"[1, 2]\n[3, 4]\n", "is a JSON array"),
        (
            b",\n".join([OBJECT] * 3),
            "has a comma behind each line, as an array has; leave them out",
        ),
        (OBJECT + b",\n" + OBJECT + b",\n", "has a comma behind each line"),
        (b"\r".join([OBJECT] * 3), "has lines that end in a carriage return alone; end them in line feeds"),
        (b"\r".join([OBJECT] * (MB // 4)), "has lines that end in a carriage return alone"),
        (b"\x1e" + OBJECT + b"\n\x1e" + OBJECT + b"\n", "is a JSON text sequence"),
        (OBJECT * 3, "has several objects in one line"),
        (b'{\n"a": 1,\n"b": 2\n}\n', "is JSON with an object over several lines"),
        (b"a,b,c\n1,2,3\n", "looks like CSV; give it a name that ends in .csv"),
        (b"{'a': 1}\n", "the first is not valid JSON: it looks like a Python dictionary; write it with json.dumps"),
        (b"1\n2\n", "has no JSON object in its first 1,000 lines; the first is not a JSON object"),
    ],
)
def test_what_is_no_json_lines_is_named_with_what_to_do(content: bytes, says: str) -> None:
    assert says in reason_of(content, "x.jsonl")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b"[1]", "is not a JSON object"),
        (OBJECT + b",", "is not valid JSON: it has a comma behind it; leave that out"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_line_of_another_kind_is_that_row_alone(line: bytes, wrong: str, place: int) -> None:
    lines = [OBJECT] * 3
    lines[place] = line
    _, misshapen = rows_of(list(open_chunks("x.jsonl", Held(b"\n".join(lines)))))
    assert misshapen == {place: wrong}


def test_damage_in_the_middle_is_found_behind_the_pieces_before_it() -> None:
    # Stored, not deflated: all before the damage is read.
    content = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 2_000_000, compresslevel=0, mtime=0))
    content[-6] ^= 255
    chunks: list[Chunk] = []

    with pytest.raises(TableError, match="not whole gzip data"):
        chunks += open_chunks("x.csv.gz", Held(bytes(content)))
    count = 0
    with suppress(TableError):
        for chunk in open_chunks("x.csv.gz", Held(bytes(content))):
            count += len(chunk)
    assert count > 1_000_000


@pytest.mark.long
@pytest.mark.parametrize(("suffix", "codec"), [("gz", "gzip"), ("zst", "zstd")])
def test_a_bomb_is_refused_before_it_is_unpacked_whole(
    suffix: str, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decompress, "_SURELY_FINE_BYTES", 32 * MB)
    bomb = pa.Codec(codec).compress(b"a\n" + b"1\n" * (64 * MB), asbytes=True)
    assert len(bomb) < MB

    with at_most(64 * MB):
        assert "times its size" in reason_of(bomb, f"x.csv.{suffix}")


@pytest.mark.parametrize("filler", [b"x", b"x,", b'"x', b'""', b"\0", b"\xff"], ids=repr)
def test_a_line_of_100_mb_is_one_bad_row(filler: bytes) -> None:
    source = Repeated(b"a,b\n1,2\n", filler, 100 * MB)
    with at_most(64 * MB):
        rows, wrong = rows_of(list(open_chunks("x.csv", source)))

    assert rows[0] == ["1", "2"]
    assert rows[-1] == ["3", "4"]
    assert wrong
    assert set(wrong) == set(range(1, len(rows) - 1))
    assert len(rows) == 3


def test_a_quote_that_is_never_closed_spoils_its_own_row_only() -> None:
    rows, wrong = read(b'a,b\n1,2\n"x,2\n' + b"5,6\n" * 500_000)

    assert len(rows) == 500_002
    assert wrong == {1: "has a quote that is not closed"}
    assert rows[2] == ["5", "6"]


def test_many_quotes_that_are_never_closed_take_no_longer_than_their_file() -> None:
    rows, wrong = read(b"a,b\n" + (b'1,2\n"' + b"x" * 50 + b",2\n" + b"5,6\n" * 5) * 5000)

    # Each quote ends the cell that the one before it began.
    assert len(rows) == 5000 // 2 * 7
    assert rows[0] == ["1", "2"]
    assert not wrong


def test_a_cell_beyond_the_limit_is_a_bad_row() -> None:
    rows, wrong = read(b"a,b\n1,2\n" + b"x" * 200_000 + b",2\n3,4\n")

    assert [rows[0], rows[2]] == [["1", "2"], ["3", "4"]]
    assert wrong == {1: "cannot be read: field larger than field limit (131072)"}


def test_ten_thousand_columns_are_refused() -> None:
    header = ",".join(f"c{n}" for n in range(10_000)).encode()

    assert "10,000 columns; a file may have 4,096" in reason_of(header + b"\n" + b"1," * 9999 + b"1\n")


def test_nul_bytes_and_wrong_bytes_are_bad_rows() -> None:
    rows, wrong = read(b"a,b\n1,2\n3,\x004\n5,M\xfcller\n7,8\n")

    assert rows[3] == ["7", "8"]
    assert wrong == {
        1: "has a NUL character",
        2: 'is not UTF-8 text; declare encoding in [files], such as "cp1252"',
    }


def test_lines_end_in_any_way_at_once() -> None:
    rows, wrong = read(b"a,b\r\n1,2\n3,4\r5,6\r\n7,8")

    assert rows == [["1", "2"], ["3", "4"], ["5", "6"], ["7", "8"]]
    assert not wrong


def test_rows_of_other_lengths_keep_their_place() -> None:
    body = b"".join(b"1,2,3\n" if n % 100 == 7 else b"1\n" if n % 100 == 8 else b"1,2\n" for n in range(3000))
    rows, wrong = read(b"a,b\n" + body)

    assert len(rows) == 3000
    assert wrong[7] == "has 3 cells where the header has 2"
    assert wrong[8] == "has 1 cells where the header has 2"
    assert len(wrong) == 60


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n", "has a header and no rows"),
        (b"a,b", "has a header and no rows"),
        (b"\n\n", "no header"),
        (b",,\n1,2,3\n", "no header"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 20, "a PNG picture"),
        (b"PK\x03\x04\x14\x00\x00\x00", "a ZIP archive; take the file out of it"),
        ("ü,b\n1,2\n".encode("latin-1"), "declare encoding in [files]"),
    ],
    ids=["empty", "header", "no end", "lines", "commas", "png", "zip", "latin"],
)
def test_what_is_no_table_is_refused(content: bytes, said: str) -> None:
    assert said in reason_of(content)


@pytest.mark.parametrize("name", ["x.xlsx", "x", "x.csv.zip", "csv", "x.json", "x.gz"])
def test_other_kinds_of_file_are_refused_with_those_that_are_read(name: str) -> None:
    assert ".csv, .jsonl" in reason_of(b"a\n1\n", name)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=4), st.integers(0, 400))
@settings(max_examples=examples(200))
def test_a_damaged_parquet_is_read_or_refused(changes: list[tuple[int, int]], cut: int) -> None:
    out = io.BytesIO()
    pa.parquet.write_table(pa.table({"name": ["a", "é"] * 20, "amount": [1.0, 2.0] * 20}), out)
    content = bytearray(out.getvalue())
    for place, flip in changes:
        content[place % len(content)] ^= flip
    # Any other error than this one would stop a whole batch.
    with suppress(TableError):
        list(open_chunks("x.parquet", Held(bytes(content[: len(content) - cut if cut < 100 else len(content)]))))


@given(st.binary(max_size=200), st.sampled_from(["x.csv", "x.jsonl", "x.csv.gz", "x.csv.zst", "x.parquet"]))
@settings(max_examples=examples(400))
def test_any_bytes_are_a_table_or_refused(content: bytes, name: str) -> None:
    with suppress(TableError):
        rows_of(list(open_chunks(name, Held(content), ReadOptions(chunk_rows=3))))
