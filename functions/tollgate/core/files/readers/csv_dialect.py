"""CSV dialect: the delimiter and the columns, from a file's first line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tollgate.errors import TableError

# Those of spreadsheets first; the others only where a header has none of them.
_DELIMITERS = (",;\t|", "^~")
MAX_COLUMNS = 4096
MAX_CELL = 131_072
MAX_ROW_BYTES = 1 << 20
# Spark and MySQL write a quote within a cell so.
ESCAPE = b'\\"'
_ESCAPED = '; a quote within a cell is written "", and here stands \\"'
BAD_ESCAPE = f"cannot be read{_ESCAPED}"
# By trailing delimiters, as editors that fill up lines leave it, it is still the same.
_SEPARATOR_LINE = re.compile(r'\ufeff?"?sep=(?P<delimiter>[^\w\r\n"])(?P=delimiter)*"?(?P=delimiter)*', re.IGNORECASE)


@dataclass(frozen=True)
class CsvDialect:
    """How a file's rows are cut into cells, and the names of these."""

    names: Sequence[str]
    delimiter: str


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


def say_cells(cells: int, width: int, row: bytes) -> str:
    """Return what is wrong with a row of so many cells, and the likely cause."""
    return f"has {cells} cells where the header has {width}{_ESCAPED if ESCAPE in row else ''}"


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
