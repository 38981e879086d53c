"""Label files: the columns of event ids and labels, and the results written back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.arrow_columns import plain_column, python_values
from tollgate.core.files.columns.quick_columns import without_null
from tollgate.core.files.readers.chunk import Chunk
from tollgate.core.files.results import as_column, free_name, guard_cells, write_lines
from tollgate.errors import TableError

# A label costs one write to its decision and one to each of its entities: more of them may not fit in a Lambda run.
MAX_LABELS = 100_000
_MAX_NAMED = 12


@dataclass(frozen=True)
class LabelTable:
    """A file's n event ids, labels and, if it has them, times at which these became known, from all of its chunks.

    ``chunks`` have the cells of the results that are written: what cannot be is met before a label is set.
    ``misshapen`` maps numbers of rows, from 0, to what is wrong with the whole row.
    """

    chunks: Sequence[Chunk]
    event_ids: Sequence[Any]
    labels: Sequence[Any]
    known_at: Sequence[Any]
    misshapen: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.event_ids)

    def rows_between(self, start: int, stop: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the usable rows from ``start`` to before ``stop``: their numbers from 0, and their labels as given."""
        for row in range(start, min(stop, len(self))):
            if row not in self.misshapen:
                said = (self.event_ids[row], self.labels[row], self.known_at[row])
                yield row, dict(zip(("event_id", "label", "known_at"), said, strict=True))


def read_label_table(event_type: EventType, chunks: Iterable[Chunk]) -> LabelTable:
    """Read a file of labels whole, its columns under plain names or those of the event type.

    Raises `TableError` where the event's id or the label is missing or there twice, or for too many rows.
    """
    kept: list[Chunk] = []
    ids: list[Any] = []
    labels: list[Any] = []
    known_at: list[Any] = []
    misshapen: dict[int, str] = {}
    for chunk in chunks:
        if len(ids) + len(chunk) > MAX_LABELS:
            raise TableError(f"The file has more than {MAX_LABELS:,} labels, the most that one may have: split it.")
        where = _find_columns(event_type, chunk.names)
        for column, said in zip(where, (ids, labels, known_at), strict=True):
            said.extend([None] * len(chunk) if column is None else _values(event_type, chunk.columns[column]))
            misshapen |= {} if column is None else _unreadable(chunk, column)
        misshapen |= {chunk.first_row + place: wrong for place, wrong in chunk.misshapen.items()}
        kept.append(replace(chunk, columns=[guard_cells(as_column(column, is_text=True)) for column in chunk.columns]))
    return LabelTable(kept, ids, labels, known_at, misshapen)


def _unreadable(chunk: Chunk, column: int) -> dict[int, str]:
    return {
        chunk.first_row + place: f'cannot be read: column "{chunk.names[column]}": {reason}'
        for place, reason in plain_column(chunk.columns[column]).unreadable.items()
    }


def _values(event_type: EventType, column: Any) -> list[Any]:  # noqa: ANN401 - an Arrow array or a list
    return python_values(without_null(event_type, plain_column(column).values))


def _find_columns(event_type: EventType, names: Sequence[str]) -> tuple[int, int, int | None]:
    rule = event_type.label
    event_id = _find_column(names, "event_id", event_type.id or "event_id")
    label = _find_column(names, "label", rule.column if rule else "label")
    if event_id is None or label is None:
        wanted = ("event_id", event_type.id) if event_id is None else ("label", rule.column if rule else None)
        lacking = " or ".join(f'"{name}"' for name in dict.fromkeys(wanted) if name)
        raise TableError(f"A file of labels needs a column {lacking}; it has {', '.join(names[:_MAX_NAMED])}.")
    return event_id, label, _find_column(names, "known_at", (rule and rule.time) or "known_at")


def _find_column(names: Sequence[str], *wanted: str) -> int | None:
    places = [place for place, name in enumerate(names) if name in wanted]
    if len(places) > 1:
        called = " and ".join(f'"{names[place]}"' for place in places)
        raise TableError(f"The columns {called} say the same; leave one of them out.")
    return places[0] if places else None


def write_label_results(table: LabelTable, results: Sequence[tuple[str, str | None]]) -> bytes:
    """Return a file of labels as CSV, with the status of each row and what there is to say about it."""
    return b"".join(
        _write_chunk(chunk, results[chunk.first_row : chunk.first_row + len(chunk)]) for chunk in table.chunks
    )


def _write_chunk(chunk: Chunk, results: Sequence[tuple[str, str | None]]) -> bytes:
    said = [pa.array(column, pa.string()) for column in zip(*results, strict=True)]
    names = [*chunk.names, *(free_name(name, chunk.names) for name in ("status", "message"))]
    table = pa.table([*chunk.columns, *said], names=names)
    return write_lines(table, header=chunk.first_row == 0)
