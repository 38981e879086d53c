"""Blank rows and rows of totals, as spreadsheets leave them at the end of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tollgate.core.events.column_reader import NO_ID
from tollgate.core.events.event import Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.arrow_columns import plain_column
from tollgate.core.files.columns.quick_columns import without_null
from tollgate.core.files.readers.chunk import Chunk

NO_TIME = "a timestamp is required"
_CHUNK_ROWS = 1000
_BLANK = ("", "is blank: all of its cells are empty; delete it")


def say_blank_rows(event_type: EventType, chunk: Chunk, problems: dict[int, tuple[str, str]]) -> None:
    """Say of rows without an id or a time that they are blank, or have so few cells that they look like a total."""
    rows = sorted(row for row, (_, message) in problems.items() if message in (NO_ID, NO_TIME))
    if not rows:
        return
    filled, cells = _count_filled(event_type, chunk, np.array(rows)), len(chunk.columns)
    for row, count in zip(rows, filled.tolist(), strict=True):
        column, message = problems[row]
        if not count:
            problems[row] = _BLANK
        elif 2 * count <= cells:
            few = f"only {count} of the row's {cells} cells {'is' if count == 1 else 'are'} filled"
            problems[row] = (column, f"{message}; {few}: if it is a total, delete the row")


def without_blank_end(event_type: EventType, table: Chunk) -> Chunk:
    """Return a table without the blank rows at its end."""
    end = len(table)
    while end:
        rows = np.arange(max(0, end - _CHUNK_ROWS), end)
        filled = np.flatnonzero(_count_filled(event_type, table, rows))
        end = int(rows[filled[-1]]) + 1 if len(filled) else int(rows[0])
        if len(filled):
            break
    return table if end in (0, len(table)) else table.select(0, end)


def _count_filled(event_type: EventType, chunk: Chunk, rows: Ints) -> Ints:
    filled = np.zeros(len(rows), dtype=np.int64)
    for column in chunk.columns:
        filled += _is_filled(event_type, column, rows)
    return filled


def _is_filled(event_type: EventType, column: Any, rows: Ints) -> npt.NDArray[np.bool_]:  # noqa: ANN401 - Arrow or a list
    first = int(rows[0])
    plain = plain_column(column[first : int(rows[-1]) + 1])
    values, places = plain.values, rows - first
    if isinstance(values, list):
        filled = np.array([not _is_empty(event_type.without_null(values[place])) for place in places.tolist()])
    elif pa.types.is_string(values.type):
        some = pc.utf8_trim_whitespace(without_null(event_type, values.take(pa.array(places))))
        filled = np.asarray(pc.fill_null(pc.not_equal(some, ""), False).to_numpy(zero_copy_only=False))
    else:
        filled = np.asarray(pc.is_valid(values).to_numpy(zero_copy_only=False))[places]
    return filled | np.isin(places, list(plain.unreadable))


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
