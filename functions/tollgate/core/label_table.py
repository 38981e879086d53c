"""A file of labels: which of its columns say what, and what became of its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tollgate.core.event_type import EventType
from tollgate.core.table_files import FileTable, free_name, write_csv
from tollgate.errors import TableError

# A label costs one write to its decision and one to each of its entities: more of them may not fit in a Lambda run.
MOST_LABELS = 100_000
STATUSES = ("accepted", "unchanged", "waiting", "failed")


@dataclass(frozen=True)
class LabelTable:
    """A file's columns of n event ids, labels and, if it has them, times at which these became known."""

    table: FileTable
    event_ids: Sequence[Any]
    labels: Sequence[Any]
    known_at: Sequence[Any]

    def lot(self, start: int, stop: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the usable rows from ``start`` to before ``stop``: their numbers from 0, and their labels as given."""
        for row in range(start, min(stop, len(self.table))):
            if row not in self.table.misshapen:
                said = (self.event_ids[row], self.labels[row], self.known_at[row])
                yield row, dict(zip(("event_id", "label", "known_at"), said, strict=True))


def read_label_table(event_type: EventType, table: FileTable) -> LabelTable:
    """Find the columns of a file of labels, under plain names or those of the event type.

    Raises `TableError` where the event's id or the label is missing or there twice, or for too many rows.
    """
    rule = event_type.label
    ids = _column(table, "event_id", event_type.id)
    labels = _column(table, "label", rule.column if rule else "label")
    if ids is None or labels is None:
        lacking = f'"event_id" or "{event_type.id}"' if ids is None else f'"label" or "{rule and rule.column}"'
        raise TableError(f"A file of labels needs a column {lacking}; it has {', '.join(table.names)}.")
    if len(table) > MOST_LABELS:
        raise TableError(f"The file has {len(table):,} labels; one file may have {MOST_LABELS:,}: split it.")
    known_at = _column(table, "known_at", (rule and rule.time) or "known_at")
    return LabelTable(table, ids, labels, known_at or [None] * len(table))


def _column(table: FileTable, *names: str) -> Sequence[Any] | None:
    places = [place for place, name in enumerate(table.names) if name in names]
    if len(places) > 1:
        called = " and ".join(f'"{table.names[place]}"' for place in places)
        raise TableError(f"The columns {called} say the same; leave one of them out.")
    return table.columns[places[0]] if places else None


def write_label_results(table: FileTable, results: Sequence[tuple[str, str | None]]) -> bytes:
    """Return a file of labels as CSV, with the status of each row and what there is to say about it."""
    statuses, messages = zip(*results, strict=True)
    names = [*table.names, *(free_name(name, table.names) for name in ("status", "message"))]
    return write_csv(names, [*table.columns, statuses, messages])
