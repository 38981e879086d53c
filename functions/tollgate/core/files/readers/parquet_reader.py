"""Parquet reader in chunks, row group by row group."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from tollgate.core.files.readers.chunk import MAX_COLUMNS, Chunk, Position, ReadOptions
from tollgate.core.files.readers.source import Source
from tollgate.errors import TableError


class _Seekable(io.RawIOBase):
    """A source as Python's own kind of file."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._source.size_bytes}[whence]
        self._place = base + offset
        return self._place

    def readinto(self, target: Any) -> int:  # noqa: ANN401 - any buffer
        view = memoryview(target)
        chunk = self._source.read_at(self._place, len(view))
        view[: len(chunk)] = chunk
        self._place += len(chunk)
        return len(chunk)


def count_parquet_rows(name: str, source: Source) -> int:
    """Return how many rows a Parquet file says it has."""
    with _refusing(name):
        count: int = pa.parquet.ParquetFile(pa.PythonFile(_Seekable(source), "r")).metadata.num_rows
    return count


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise TableError(f'"{name}" is not a Parquet file: {str(error).splitlines()[0].rstrip(".")}.') from None


def read_parquet_chunks(name: str, source: Source, options: ReadOptions, start: Position) -> Iterator[Chunk]:
    """Yield the chunks of a Parquet file from ``start`` on; a position's place is not used: its row is enough."""
    with _refusing(name):
        file = pa.parquet.ParquetFile(pa.PythonFile(_Seekable(source), "r"))
        names = file.schema_arrow.names
        if len(names) > MAX_COLUMNS:
            raise TableError(f'"{name}" has {len(names):,} columns; a file may have {MAX_COLUMNS:,}.')
        if not file.metadata.num_rows:
            raise TableError(f'"{name}" has a header and no rows.')
        row = 0
        for group in range(file.metadata.num_row_groups):
            described = file.metadata.row_group(group)
            if row + described.num_rows > start.row:
                if max(described.total_byte_size, described.num_rows * 8) > options.group_bytes:
                    raise TableError(
                        f'A row group of "{name}" unpacks to more than {options.group_bytes >> 20} MB; '
                        "write smaller ones."
                    )
                for batch in file.iter_batches(options.chunk_rows, [group], use_threads=False):
                    first, row = row, row + batch.num_rows
                    if row > start.row:
                        kept = batch.slice(max(start.row - first, 0))
                        yield Chunk(names, kept.columns, max(first, start.row), Position(row))
            else:
                row += described.num_rows
