"""CSV reader in chunks of whole rows, cut at the same places wherever reading begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tollgate.core.events.event import Ints
from tollgate.core.files.readers.chunk import Chunk, Position, ReadOptions
from tollgate.core.files.readers.csv_arrow import find_row_ends, read_block
from tollgate.core.files.readers.csv_dialect import MAX_ROW_BYTES, CsvDialect, read_header
from tollgate.core.files.readers.csv_fallback import read_rows
from tollgate.core.files.readers.decompress import Stream, open_stream
from tollgate.core.files.readers.source import Source
from tollgate.errors import TableError

_HEADER_BYTES = 2 * MAX_ROW_BYTES


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
        width = len(self._dialect.names)
        cells = zip(*read.rows, strict=True) if read.rows else [()] * width
        columns = [pa.array([cell or None for cell in column], pa.string()) for column in cells]
        return columns, read.misshapen, read.taken

    def _skip_line(self) -> tuple[Sequence[Any], dict[int, str], int]:
        """Pass over a line that is longer than a chunk, without keeping it."""
        while not (ends := [self._window.find(end) for end in (b"\n", b"\r") if end in self._window]):
            self._move_by(len(self._window))
            if not self._fill():
                break
        columns = [pa.nulls(1, pa.string())] * len(self._dialect.names)
        return columns, {0: f"is longer than {MAX_ROW_BYTES >> 20} MB"}, min(ends) + 1 if ends else 0


def _longest(ends: Ints) -> int:
    return int(np.diff(ends, prepend=0).max())
