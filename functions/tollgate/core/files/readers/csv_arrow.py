"""CSV blocks read by Arrow, as quick as the machine: only those that it reads the same as Python's own reader."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from tollgate.core.events.event import Ints
from tollgate.core.files.readers.csv_dialect import MAX_CELL, CsvDialect, say_cells

Bytes = npt.NDArray[np.uint8]
_QUOTE, _LINE_FEED, _RETURN = b'"\n\r'
# More rows of other lengths than this in a block, and the block is read row by row.
_MAX_MISSHAPEN = 1000


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
    if longest > MAX_CELL or _is_odd(block, dialect.delimiter):
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
    framed = np.concatenate([[_LINE_FEED], text, [_LINE_FEED]])
    borders = np.array([ord(delimiter), _LINE_FEED, _RETURN])
    opening, closing = places[::2], places[1::2]
    opens = np.isin(framed[opening], borders)
    opens[1:] |= closing[:-1] + 1 == opening[1:]
    closes = np.isin(framed[closing + 2], borders)
    closes[:-1] |= closing[:-1] + 1 == opening[1:]
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
        place: say_cells(len(row), width, text.encode()) for (place, text), row in zip(misshapen, found, strict=True)
    }
