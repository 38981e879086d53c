"""CSV dialect and rows: blocks of whole rows, read by Arrow, or by Python's own reader if they are odd in any way.

Python's reader is the reference: Arrow gets only the blocks that it reads the same.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from tollgate.core.events.event import Ints
from tollgate.core.files.readers.chunk import MAX_ROW_BYTES

_MAX_CELL = 131_072
# Spark and MySQL write a quote within a cell so.
_ESCAPE = b'\\"'
_ESCAPED = '; a quote within a cell is written "", and here stands \\"'
_BAD_ESCAPE = f"cannot be read{_ESCAPED}"
_NOT_CLOSED = "has a quote that is not closed"
TOO_LONG = f"is longer than {MAX_ROW_BYTES >> 20} MB"
_QUOTE, _LINE_FEED, _RETURN = b'"\n\r'
# More rows of other lengths than this in a block, and the block is read row by row.
_MAX_MISSHAPEN = 1000


@dataclass(frozen=True)
class CsvDialect:
    """How a file's rows are cut into cells, and the names of these."""

    names: Sequence[str]
    delimiter: str


def find_row_ends(block: bytes) -> Ints:
    """Return where the rows of a block end, behind each line feed that is not inside of quotes."""
    text = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(text == _LINE_FEED) + 1
    if b'"' in block:
        quotes = np.flatnonzero(text == _QUOTE)
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return ends


def read_block(dialect: CsvDialect, block: bytes, longest: int) -> tuple[list[Any], dict[int, str]] | None:
    """Return the columns of a block of whole rows, and what is wrong with some by their place; None for an odd one.

    ``longest`` is the length of the longest row.
    """
    if longest > _MAX_CELL or _is_odd(block, dialect.delimiter):
        return None
    misshapen: list[tuple[int, str]] = []

    def skip(row: Any) -> str:  # noqa: ANN401 - Arrow's own
        misshapen.append((row.number - 1, row.text))
        return "skip" if len(misshapen) <= _MAX_MISSHAPEN else "error"

    places = [str(place) for place in range(len(dialect.names))]
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(block),
            pa.csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=places),
            pa.csv.ParseOptions(delimiter=dialect.delimiter, newlines_in_values=True, invalid_row_handler=skip),
            pa.csv.ConvertOptions(
                column_types=dict.fromkeys(places, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = [column.combine_chunks() for column in table.columns]
    return _put_back(dialect, columns, misshapen) if misshapen else (columns, {})


def _is_odd(block: bytes, delimiter: str) -> bool:
    if b"\0" in block or not _is_utf8(block) or len(delimiter.encode()) > 1:
        return True
    if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
        return True
    return b'"' in block and not has_plain_quotes(block, delimiter)


def _is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def has_plain_quotes(block: bytes, delimiter: str) -> bool:
    """Return whether quotes only enclose whole cells, and stand twice within: then counting tells where cells end."""
    text = np.frombuffer(block, dtype=np.uint8)
    places = np.flatnonzero(text == _QUOTE)
    if len(places) % 2:
        return False
    is_border = np.zeros(256, dtype=bool)
    is_border[[ord(delimiter), _LINE_FEED, _RETURN]] = True
    opening, closing = places[::2], places[1::2]
    opens = (opening == 0) | is_border[text[opening - 1]]
    closes = (closing + 1 == len(text)) | is_border[text.take(closing + 1, mode="clip")]
    doubled = closing[:-1] + 1 == opening[1:]
    opens[1:] |= doubled
    closes[:-1] |= doubled
    return bool(opens.all() and closes.all())


def _put_back(
    dialect: CsvDialect, columns: Sequence[Any], misshapen: Sequence[tuple[int, str]]
) -> tuple[list[Any], dict[int, str]]:
    """Put rows of other lengths where they were, with as many of their cells as there are columns."""
    width = len(columns)
    found = [next(csv.reader([text], delimiter=dialect.delimiter), []) for _, text in misshapen]
    cells = [(row + [""] * width)[:width] for row in found]
    places = np.array([place for place, _ in misshapen])
    n = len(columns[0]) + len(places)
    order = np.empty(n, dtype=np.int64)
    order[places] = len(columns[0]) + np.arange(len(places))
    order[np.setdiff1d(np.arange(n), places)] = np.arange(len(columns[0]))
    added = [pa.array([row[place] or None for row in cells], pa.string()) for place in range(width)]
    whole = [
        pa.concat_arrays([column, more]).take(pa.array(order)) for column, more in zip(columns, added, strict=True)
    ]
    return whole, {
        place: _say_cells(len(row), width, text.encode()) for (place, text), row in zip(misshapen, found, strict=True)
    }


@dataclass
class RowsRead:
    """Rows of cells, what is wrong with some of them by their place, and how many bytes they took."""

    rows: list[list[str]] = field(default_factory=list)
    misshapen: dict[int, str] = field(default_factory=dict)
    taken: int = 0

    def columns(self, width: int) -> list[pa.StringArray]:
        """Return the cells column by column; an empty one is missing."""
        cells = zip(*self.rows, strict=True) if self.rows else [()] * width
        return [pa.array([cell or None for cell in column], pa.string()) for column in cells]


def read_rows(dialect: CsvDialect, block: bytes, most_rows: int, *, at_end: bool) -> RowsRead:
    """Read the whole rows of a block, up to ``most_rows`` of them; with ``at_end``, nothing follows the block.

    A row that cannot be read ends with its first line, so that a quote that is never closed spoils one row and not the
    file. Where the block does not hold the whole first line, nothing is taken.
    """
    lines = block.splitlines(keepends=True)
    if lines and not at_end:
        lines.pop()  # a last line may go on, and a last carriage return may be half an end
    reading = _Reading(dialect, lines, RowsRead(), at_end=at_end, escapes=_ESCAPE in block)
    while reading.first < len(lines) and len(reading.read.rows) < most_rows and reading.go_on(most_rows):
        pass
    return reading.read


@dataclass
class _Reading:
    dialect: CsvDialect
    lines: list[bytes]
    read: RowsRead
    at_end: bool
    escapes: bool
    first: int = 0
    at: int = 0
    wrong: str = ""
    exhausted: bool = False

    def go_on(self, most_rows: int) -> bool:
        """Read rows until one cannot be read; return whether there may be more."""
        self.at, self.wrong = self.first, ""
        reader = csv.reader(self._feed(), delimiter=self.dialect.delimiter)
        try:
            for row in reader:
                if self.exhausted:
                    if self.at_end:
                        self._spoil(self._not_closed())
                    return self.at_end
                if not self._take(row):
                    return True
                if len(self.read.rows) == most_rows:
                    return False
        except csv.Error as error:
            self._spoil(self._not_closed() if self.at > self.first + 1 else f"cannot be read: {error}")
            return True
        return False

    def _not_closed(self) -> str:
        return _BAD_ESCAPE if _ESCAPE in self.lines[self.first] else _NOT_CLOSED

    def _feed(self) -> Iterator[str]:
        size = 0
        begun = self.first
        while self.at < len(self.lines):
            line = self.lines[self.at]
            size = len(line) if begun != self.first else size + len(line)
            begun = self.first
            self.at += 1
            if size > MAX_ROW_BYTES:
                raise csv.Error(TOO_LONG)
            if b"\0" in line:
                self.wrong = "has a NUL character"
            try:
                yield line.decode()
            except UnicodeDecodeError:
                self.wrong = 'is not UTF-8 text; declare encoding in [files], such as "cp1252"'
                yield line.decode(errors="replace")
        self.exhausted = True

    def _take(self, row: list[str]) -> bool:
        """Take a row; return False where only its first line was, as an escaped quote led reading astray."""
        width = len(self.dialect.names)
        raw = b"".join(self.lines[self.first : self.at]) if self.escapes and row else b""
        astray = _ESCAPE in raw and not _is_plain(raw, self.dialect.delimiter)
        if astray and self.at > self.first + 1:
            self._spoil(_BAD_ESCAPE)
            return False
        if row:
            if len(row) != width:
                self.wrong = self.wrong or _say_cells(len(row), width, raw)
            elif astray:
                self.wrong = self.wrong or _BAD_ESCAPE
            self._append(row)
        self._move_to(self.at)
        return True

    def _spoil(self, wrong: str) -> None:
        """Take the first line of a row for all of it."""
        line = self.lines[self.first]
        self.wrong = TOO_LONG if len(line) > MAX_ROW_BYTES else wrong
        self._append([])
        self._move_to(self.first + 1)
        self.exhausted = False

    def _append(self, row: list[str]) -> None:
        width = len(self.dialect.names)
        if self.wrong:
            self.read.misshapen[len(self.read.rows)] = self.wrong
        self.read.rows.append((row + [""] * width)[:width] if len(row) != width else row)
        self.wrong = ""

    def _move_to(self, line: int) -> None:
        self.read.taken += sum(map(len, self.lines[self.first : line]))
        self.first = line


def _is_plain(raw: bytes, delimiter: str) -> bool:
    return len(delimiter.encode()) == 1 and has_plain_quotes(raw.rstrip(b"\r\n"), delimiter)


def _say_cells(cells: int, width: int, row: bytes) -> str:
    """Return what is wrong with a row of so many cells, and the likely cause."""
    return f"has {cells} cells where the header has {width}{_ESCAPED if _ESCAPE in row else ''}"
