"""Files of events: text or Parquet into columns, and columns into CSV that a spreadsheet cannot be tricked by."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tollgate.errors import TableError

SUFFIXES = (".csv", ".csv.gz", ".parquet")
_CHUNK_BYTES = 1 << 20
_DELIMITERS = ",;\t|"
# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class FileTable:
    """A file's columns, each of n values. ``misshapen`` tells rows (from 0) whose cells do not fit the header."""

    names: Sequence[str]
    columns: Sequence[Sequence[Any]]
    misshapen: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.columns[0]) if self.columns else 0


def read_file(name: str, content: bytes, largest_bytes: int) -> FileTable:
    """Read a file of one of `SUFFIXES`; raise `TableError` when it is not what its name says, or is too large."""
    lower = name.lower()
    if not lower.endswith(SUFFIXES):
        raise TableError(f'"{name}" is not one of {", ".join(SUFFIXES)}; convert it to one of these first.')
    if not content:
        raise TableError(f'"{name}" is empty.')
    if lower.endswith(".parquet"):
        table = _read_parquet(name, content, largest_bytes)
    else:
        table = _read_csv(name, _unzip(name, content, largest_bytes) if lower.endswith(".gz") else content)
    if not len(table):
        raise TableError(f'"{name}" has a header and no rows.')
    return table


def find_delimiter(header: str) -> str:
    """Return the delimiter that stands most often in a header: comma, semicolon, tab or bar."""
    return max(_DELIMITERS, key=header.count)


def _unzip(name: str, content: bytes, largest_bytes: int) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as file:
            chunks, size_bytes = [], 0
            while size_bytes <= largest_bytes and (chunk := file.read(_CHUNK_BYTES)):
                chunks.append(chunk)
                size_bytes += len(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f'"{name}" is not whole gzip data: {error}.') from None
    if size_bytes > largest_bytes:
        raise TableError(f'"{name}" unzips to more than {largest_bytes >> 20} MB; split it.')
    return b"".join(chunks)


def _read_csv(name: str, content: bytes) -> FileTable:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f'"{name}" is not UTF-8 text: byte {error.start} cannot be read; save it as UTF-8.') from None
    if "\0" in text:
        raise TableError(f'"{name}" is not text: it has NUL characters.')
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=find_delimiter(text.split("\n", 1)[0]))
    try:
        names = [cell.strip() for cell in next(reader, [])]
        rows = [row for row in reader if row]
    except csv.Error as error:
        raise TableError(f'"{name}", line {reader.line_num}: {error}.') from None
    if not any(names):
        raise TableError(f'"{name}" has no header: its first line has to name the columns.')
    width = len(names)
    misshapen = {
        place: f"has {len(row)} cells where the header has {width}"
        for place, row in enumerate(rows)
        if len(row) != width
    }
    for place in misshapen:
        rows[place] = (rows[place] + [""] * width)[:width]
    return FileTable(names, list(zip(*rows, strict=True)) if rows else [()] * width, misshapen)


def _read_parquet(name: str, content: bytes, largest_bytes: int) -> FileTable:
    # Only the batch function has a Parquet reader: it weighs more than all the rest.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet  # noqa: PLC0415

    try:
        file = pa.parquet.ParquetFile(io.BytesIO(content))
        groups = [file.metadata.row_group(group) for group in range(file.metadata.num_row_groups)]
        if max(sum(group.total_byte_size for group in groups), file.metadata.num_rows * 8) > largest_bytes:
            raise TableError(f'"{name}" unpacks to more than {largest_bytes >> 20} MB; split it.')
        table = file.read()
        columns = [python_values(column) for column in table.columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise TableError(f'"{name}" is not a Parquet file: {str(error).splitlines()[0].rstrip(".")}.') from None
    return FileTable(table.column_names, columns)


def python_values(column: Any) -> list[Any]:  # noqa: ANN401 - an Arrow column, whose library may be absent
    """Return an Arrow column as Python's values; NaN is a missing number."""
    import pyarrow as pa  # noqa: PLC0415

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python's times have microseconds.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [None if value != value else value for value in values]  # noqa: PLR0124 - NaN, a missing number
    return values


def safe_cell(value: object) -> str:
    """Return a value as a CSV cell: numbers as they are, an apostrophe before a text that a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


@dataclass(frozen=True)
class _UnixLines:
    """Ends each line of a csv writer with a line feed alone.

    The writer has to think that it ends with both: before Python 3.13 it leaves a carriage return in a cell unquoted
    unless its own line ends hold one, and readers then see two rows.
    """

    out: io.StringIO

    def write(self, line: str) -> int:
        """Write one whole line."""
        return self.out.write(line.removesuffix("\r\n") + "\n")


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return a name for a column that Tollgate adds to a file: with `tollgate_` in front where it is taken."""
    return name if name not in taken else free_name(f"tollgate_{name}", taken)


def write_csv(names: Iterable[str], columns: Sequence[Sequence[object]]) -> bytes:
    """Return columns as CSV with a header."""
    out = io.StringIO(newline="")
    writer = csv.writer(_UnixLines(out), lineterminator="\r\n")
    writer.writerow([safe_cell(name) for name in names])
    writer.writerows([safe_cell(value) for value in row] for row in zip(*columns, strict=True))
    return out.getvalue().encode()
