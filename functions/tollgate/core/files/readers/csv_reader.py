"""CSV reader in chunks of whole rows, cut at the same places wherever reading begins.

The delimiter is declared in the detector file, or found in the header.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tollgate.core.events.event import Ints
from tollgate.core.files.readers.chunk import MAX_COLUMNS, MAX_ROW_BYTES, Chunk, Position, ReadOptions
from tollgate.core.files.readers.csv_rows import TOO_LONG, CsvDialect, find_row_ends, read_block, read_rows
from tollgate.core.files.readers.decompress import Stream, open_stream
from tollgate.core.files.readers.source import Source
from tollgate.errors import TableError

_HEADER_BYTES = 2 * MAX_ROW_BYTES
# Those of spreadsheets first; the others only where a header has none of them.
_DELIMITERS = (",;\t|", "^~")
# By trailing delimiters, as editors that fill up lines leave it, it is still the same.
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(?P<delimiter>[^\w\r\n"])(?P=delimiter)*"?(?P=delimiter)*', re.IGNORECASE)


def read_csv_chunks(name: str, source: Source, options: ReadOptions, start: Position) -> Iterator[Chunk]:
    """Yield the chunks of a CSV file from ``start`` on; a position's place counts bytes of UTF-8 text."""
    stream = open_stream(name, source, options.form.encoding, 0)
    head = stream.read(_HEADER_BYTES)
    if not head:
        raise TableError(f'"{name}" is empty.')
    dialect, taken = read_header(name, head, options.form.delimiter)
    if start.place:
        stream, window = open_stream(name, source, options.form.encoding, start.place), b""
    else:
        window = head[taken:]
    reading = _CsvReading(stream, window, start.row, start.place or taken, dialect, options)
    yield from reading.chunks()
    if not reading.row:
        raise TableError(f'"{name}" has a header and no rows.')


class _CsvReading:
    """Where reading is: ``window`` holds the bytes from ``place`` on that were read already."""

    def __init__(
        self, stream: Stream, window: bytes, row: int, place: int, dialect: CsvDialect, options: ReadOptions
    ) -> None:
        self._stream = stream
        self._window = window
        self.row = row
        self._place = place
        self._dialect = dialect
        self._most_rows = options.chunk_rows
        self._most_bytes = max(options.chunk_bytes, 2 * MAX_ROW_BYTES)

    def chunks(self) -> Iterator[Chunk]:
        while self._fill():
            columns, misshapen, taken = self._read()
            first = self.row
            self._move_by(taken)
            if len(columns[0]):
                self.row += len(columns[0])
                yield Chunk(self._dialect.names, columns, first, Position(self.row, self._place), misshapen)

    def _fill(self) -> bool:
        # One byte more than a chunk may take tells whether anything follows it.
        self._window += self._stream.read(self._most_bytes + 1 - len(self._window))
        return bool(self._window)

    def _move_by(self, size: int) -> None:
        self._window = self._window[size:]
        self._place += size

    def _read(self) -> tuple[Sequence[Any], dict[int, str], int]:
        at_end = len(self._window) <= self._most_bytes
        window = self._window[: self._most_bytes]
        ends = find_row_ends(window)[: self._most_rows]
        if at_end and len(ends) < self._most_rows and (not len(ends) or ends[-1] < len(window)):
            ends = np.append(ends, len(window))
        if len(ends):
            quick = read_block(self._dialect, window[: ends[-1]], _longest(ends))
            if quick is not None:
                return *quick, int(ends[-1])
        read = read_rows(self._dialect, window, self._most_rows, at_end=at_end)
        if not read.taken:
            return self._skip_line()
        return read.columns(len(self._dialect.names)), read.misshapen, read.taken

    def _skip_line(self) -> tuple[Sequence[Any], dict[int, str], int]:
        """Pass over a line that is longer than a chunk, without keeping it."""
        while not (ends := [self._window.find(end) for end in (b"\n", b"\r") if end in self._window]):
            self._move_by(len(self._window))
            if not self._fill():
                break
        columns = [pa.nulls(1, pa.string())] * len(self._dialect.names)
        return columns, {0: TOO_LONG}, min(ends) + 1 if ends else 0


def _longest(ends: Ints) -> int:
    return int(np.diff(ends, prepend=0).max())


def find_delimiter(header: str) -> str:
    """Return the delimiter that stands most often in a header: comma, semicolon, tab or bar; or else ^ or ~."""
    for group in _DELIMITERS:
        if any(delimiter in header for delimiter in group):
            return max(group, key=header.count)
    return ","


def declares_delimiter(line: str) -> str | None:
    """Return the delimiter that a first line such as Excel's ``sep=;`` names, None for any other line."""
    found = _SEPARATOR_LINE.fullmatch(line.strip("\r\n"))
    return found["delimiter"] if found else None


def read_header(name: str, start: bytes, delimiter: str | None) -> tuple[CsvDialect, int]:
    """Read the header at the start of a file; return it and how many bytes it takes.

    Raises `TableError` where there is none.
    """
    lines = start.splitlines(keepends=True)
    named, taken = _take_separator_line(name, lines)

    def texts() -> Iterator[str]:
        nonlocal taken
        for line in lines:
            taken += len(line)
            yield _decode(name, line)

    first = _decode(name, next((line for line in lines if line.strip(b"\r\n")), b""))
    delimiter = named or delimiter or find_delimiter(first)
    reader = csv.reader(texts(), delimiter=delimiter)
    try:
        names = [cell.strip() for cell in next((row for row in reader if row), [])]
    except csv.Error as error:
        raise TableError(f'"{name}", line {reader.line_num}: {error}.') from None
    if not any(names):
        raise TableError(f'"{name}" has no header: its first line has to name the columns.')
    if len(names) > MAX_COLUMNS:
        raise TableError(f'"{name}" has {len(names):,} columns; a file may have {MAX_COLUMNS:,}.')
    return CsvDialect(names, delimiter), taken


def _take_separator_line(name: str, lines: list[bytes]) -> tuple[str | None, int]:
    """Take Excel's line with the delimiter from the first ``lines``, if it is there; return both it and its size."""
    place = next((place for place, line in enumerate(lines) if line.strip(b"\r\n")), 0)
    named = declares_delimiter(_decode(name, lines[place])) if lines else None
    if named is None:
        return None, 0
    size = sum(map(len, lines[: place + 1]))
    del lines[: place + 1]
    return named, size


def _decode(name: str, line: bytes) -> str:
    if b"\0" in line:
        raise TableError(f'"{name}" is not text: it has NUL characters.')
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise TableError(
            f'"{name}" is not UTF-8 text: byte {error.start + 1} of its header cannot be read; save it as UTF-8, '
            'or declare encoding in [files] of the detector file, such as "cp1252".'
        ) from None
