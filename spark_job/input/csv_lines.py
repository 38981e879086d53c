"""CSV lines as rows of cells, read as the functions read them, so that a row means the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from tollgate.core.files.file_format import FileForm
from tollgate.core.files.readers.csv_arrow import read_block
from tollgate.core.files.readers.csv_dialect import CsvDialect, declares_delimiter, read_header
from tollgate.core.files.readers.csv_fallback import read_rows
from tollgate.errors import TableError

from spark_job.input.lines import BLOCK, CORRUPT, PATH, cells_schema, find_encoding, read_lines, to_utf8

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _Header:
    """Takes the first lines of a file, until one is the header."""

    def __init__(self, path: str, delimiter: str | None) -> None:
        self._path = path
        self._delimiter = delimiter
        self.dialect: CsvDialect | None = None

    def take(self, line: bytes) -> None:
        line = line.removeprefix(_BYTE_ORDER_MARK)
        named = declares_delimiter(line.decode(errors="replace"))
        if named is None:
            self.dialect, _ = read_header(self._path, line + b"\n", self._delimiter)
        else:
            self._delimiter = named


@dataclass(frozen=True)
class _ReadLines:
    """Reads lines; each but a file's header gives a row of cells, the last of which says why where it is no event.

    All files have to have the columns of ``dialect``; a line of a file's later blocks is cut as that says.
    """

    dialect: CsvDialect
    delimiter: str | None
    encoding: str | None

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches with a cell for each name and for what is wrong in place of the line."""
        # Lines of a block follow each other, and the first block begins with the header.
        at: tuple[str, int] | None = None
        header: _Header | None = None
        for batch in batches:
            lines, paths, blocks = (column.to_pylist() for column in batch.columns)
            kept = []
            for row, place in enumerate(zip(paths, blocks, strict=True)):
                lines[row] = to_utf8(place[0], lines[row], self.encoding)
                if place != at:
                    at, header = place, _Header(place[0], self.delimiter) if place[1] == 0 else None
                if header is None:
                    kept.append(row)
                    continue
                header.take(lines[row])
                header = self._check(place[0], header)
            yield self._cut([lines[row] for row in kept], batch.take(pa.array(kept, pa.int64())))

    def _check(self, path: str, header: _Header) -> _Header | None:
        """Return the header that is still to come."""
        if header.dialect is None:
            return header
        if header.dialect != self.dialect:
            raise TableError(
                f'"{path}" has a different header than other files in its folder; write the same header in all of them.'
            )
        return None

    def _cut(self, lines: Sequence[bytes], batch: pa.RecordBatch) -> pa.RecordBatch:
        columns, wrong = read_cells(self.dialect, lines)
        problems = pa.array([wrong.get(row) for row in range(len(lines))], pa.string())
        names = [*self.dialect.names, CORRUPT, PATH, BLOCK]
        return pa.RecordBatch.from_arrays([*columns, problems, *batch.columns[1:]], names)


def read_cells(dialect: CsvDialect, lines: Sequence[bytes]) -> tuple[Sequence[Any], dict[int, str]]:
    """Return the columns of lines, each of which is a row, and what is wrong with some by their place."""
    if lines:
        quick = read_block(dialect, b"\n".join([*lines, b""]), max(map(len, lines)) + 1)
        # Where a quote is not closed, several lines would be one row.
        if quick is not None and len(quick[0][0]) == len(lines):
            return quick
    rows, wrong = [], {}
    for place, line in enumerate(lines):
        read = read_rows(dialect, line, 1, at_end=True)
        rows += read.rows
        if read.misshapen:
            wrong[place] = read.misshapen[0]
    cells = zip(*rows, strict=True) if rows else [()] * len(dialect.names)
    return [pa.array([cell or None for cell in column], pa.string()) for column in cells], wrong


def read_csv_lines(spark: SparkSession, path: str, files: FileForm) -> tuple[Sequence[str], DataFrame]:
    """Read a file or a folder of CSV: the names of its columns, and `cells_schema` of these.

    ``files`` says how these are written; a delimiter that it does not say is found in the header. `CORRUPT` says what
    is wrong with a row, null where nothing is. Raises `TableError` where there is no header.
    """
    encoding, lines = find_encoding(path, files.encoding), read_lines(spark, path)
    header = _Header(path, files.delimiter)
    for line in lines.select("line").take(2):
        if header.dialect is None:
            header.take(to_utf8(path, bytes(line[0]), encoding))
    if header.dialect is None:
        raise TableError(f'"{path}" has no header; name the columns in its first line.')
    read = _ReadLines(header.dialect, files.delimiter, encoding)
    return header.dialect.names, lines.mapInArrow(read, cells_schema(header.dialect.names))
