"""Labeled payments read from any supported file: events, labels and the times at which labels became known."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from tollgate.core.events.cells import Problem
from tollgate.core.events.event import Events, Floats, Ints, Keys
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import require_columns
from tollgate.core.files.columns.arrow_columns import plain_column, python_values
from tollgate.core.files.columns.arrow_reader import ChunkEvents, EventReader, repeated_in_chunk
from tollgate.core.files.columns.quick_columns import read_time_column, without_null
from tollgate.core.files.file_format import FileForm
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.readers.blank_rows import without_blank_end
from tollgate.core.files.readers.chunks import Chunk, ReadOptions, join_chunks, open_chunks
from tollgate.core.files.readers.source import LocalFile
from tollgate.core.history.labels import NOTHING_WITHHELD, Frauds, Withheld
from tollgate.core.times.bare_numbers import TICKS, spell
from tollgate.core.times.outliers import Outliers, find_late
from tollgate.errors import LabelError, TableError, TrainingDataError

_DETECT_FORMAT = FileForm()
# A table is read whole here: larger chunks take less time, and row groups may have any size.
_CHUNK_ROWS, _CHUNK_BYTES, _GROUP_BYTES = 1 << 20, 32 << 20, 1 << 60
# 1980: until then, nobody kept payments under numbers since 1970.
_EARLY_US = 315_532_800_000_000


@dataclass(frozen=True)
class LabeledEvents:
    """Events in order of time with what they turned out to be.

    ``labels`` has 1 for fraud, 0 for legitimate, -1 for not labeled, shape (n,). ``known_s`` is when each label became
    known, in seconds since 1970, shape (n,). ``rows`` are their places in the file. ``table`` has the declared columns
    of the file as they were written, in the file's order.
    ``withheld`` are those that were not let through, where the table says so. ``late`` are the last few events where
    their dates may be wrong (`find_late`).
    """

    events: Events
    labels: npt.NDArray[np.int8]
    known_s: Floats
    rows: Ints
    table: Chunk
    sha256: str
    label_delay_s: float
    unused_columns: tuple[str, ...]
    withheld: Withheld = NOTHING_WITHHELD
    late: Outliers | None = None

    @property
    def frauds(self) -> Frauds:
        """The frauds among the events."""
        rows = np.flatnonzero(self.labels == 1)
        return Frauds(rows, self.known_s[rows])

    @property
    def end_us(self) -> int:
        """The time of the last event that is not ``late``, in microseconds since 1970."""
        return int(self.events.times_us[-1 - self.late.events if self.late else -1])

    def without_late(self) -> LabeledEvents:
        """Return the events that are not ``late``; the table stays whole."""
        if self.late is None:
            return self
        count = len(self.rows) - self.late.events
        kept = self.withheld.rows < count
        return replace(
            self,
            events=self.events.take(np.arange(count)),
            labels=self.labels[:count],
            known_s=self.known_s[:count],
            rows=self.rows[:count],
            late=None,
            withheld=Withheld(self.withheld.rows[kept], self.withheld.legitimate_s[kept]),
        )


def read_table(
    path: Path, event_type: EventType, form: FileForm = _DETECT_FORMAT, *, more: tuple[str, ...] = ()
) -> Chunk:
    """Return the declared columns of a file of events; ``more`` are columns needed besides the event's variables.

    Raises `TableError` when the file is not what its name says, or lacks a declared column.
    """
    return _read_file(path, event_type, form, more)[0]


def _read_file(path: Path, event_type: EventType, form: FileForm, more: tuple[str, ...]) -> tuple[Chunk, list[str]]:
    """Return what `read_table` does, and the columns of the file that are not declared."""
    if not path.is_file():
        raise TableError(f"File {path} does not exist.")
    options = ReadOptions(form, _CHUNK_ROWS, _CHUNK_BYTES, _GROUP_BYTES)
    with closing(LocalFile(path)) as source:
        table, names = join_chunks(
            open_chunks(path.name, source, options),
            partial(require_columns, event_type, more=more),
            event_type.accepted.__contains__,
        )
    table = without_blank_end(event_type, table)
    if event_type.null_values:
        table = replace(table, columns=[_without_null(event_type, column) for column in table.columns])
    return table, [name for name in names if name not in event_type.accepted]


def _without_null(event_type: EventType, column: Any) -> Any:  # noqa: ANN401 - an Arrow array or a list
    plain = plain_column(column)
    return column if plain.unreadable else without_null(event_type, plain.values)


def read_labeled_events(path: Path, event_type: EventType, form: FileForm = _DETECT_FORMAT) -> LabeledEvents:
    """Read a table to learn from, sorted by time.

    Raises `TableError` and `TrainingDataError` with one sentence naming row (from 1) and column.
    """
    rule = event_type.label
    if rule is None:
        raise TrainingDataError(
            "The detector file has no label in [event]; training needs the column that says which events were fraud."
        )
    outcome = event_type.outcome.column if event_type.outcome else None
    needed = tuple(name for name in (rule.column, rule.time, outcome) if name)
    table, unused = _read_file(path, event_type, form, needed)
    events = read_table_events(event_type, table)
    _reject_early_ticks(event_type, events)
    labels = _read_labels(event_type, table)
    known_s = _read_known_times(event_type, table, events)
    order = np.argsort(events.times_us, kind="stable")
    withheld = np.flatnonzero(_read_withheld(event_type, table)[order])
    # What was not let through is legitimate only if it is labeled so, and from then on.
    told_s = np.where(labels[order][withheld] == 0, known_s[order][withheld], np.inf)
    return LabeledEvents(
        events=events.take(order),
        labels=labels[order],
        known_s=known_s[order],
        rows=order,
        table=table,
        sha256=_sha256_of(path),
        label_delay_s=rule.delay_s,
        unused_columns=tuple(unused),
        withheld=Withheld(withheld, told_s),
        late=find_late(events.times_us[order], order),
    )


def _reject_early_ticks(event_type: EventType, events: Events) -> None:
    """Raise `TrainingDataError` for counts since 1970 that all fall into its first years."""
    earliest_us, latest_us = int(np.min(events.times_us)), int(np.max(events.times_us))
    if event_type.timestamp_format not in TICKS or event_type.timestamp_unit or latest_us > _EARLY_US:
        return
    first, last = spell(earliest_us // 1_000_000), spell(latest_us // 1_000_000)
    raise TrainingDataError(
        f'Column "{event_type.timestamp}": all times fall between {first} and {last}, as timestamp_format '
        f'"{event_type.timestamp_format}" says; if they count from another date, set timestamp_unit = "hours" (or '
        '"days", "minutes", "seconds") and timestamp_origin in [event] instead.'
    )


def read_table_events(event_type: EventType, table: Chunk) -> Events:
    """Read a whole table into events, in its order; raise `TrainingDataError` for the first row that cannot be used."""
    read = EventReader(event_type, KeyHashes(), repeated_in_chunk).read(table)
    if read.problems:
        raise _rejection(read)
    events = read.events

    def at_hand(keys: Keys) -> Keys:
        return Keys(keys.codes, list(keys.values))

    return replace(
        events,
        ids=list(events.ids),
        categories={name: at_hand(keys) for name, keys in events.categories.items()},
        entities={name: at_hand(keys) for name, keys in events.entities.items()},
    )


def _rejection(read: ChunkEvents) -> TrainingDataError:
    row = min(read.problems)
    column, message = read.problems[row]
    many = Counter(column for column, _ in read.problems.values())[column]
    if column:
        more = f" ({many:,} such values in this column)" if many > 1 else ""
        return TrainingDataError(f'Row {row + 1}, column "{column}": {message}{more}.')
    return TrainingDataError(f"Row {row + 1} {message}{f' ({many:,} such rows)' if many > 1 else ''}.")


def _read_labels(event_type: EventType, table: Chunk) -> npt.NDArray[np.int8]:
    assert event_type.label is not None
    return _read_words(table, event_type.label.column, event_type.label.read)


def _read_withheld(event_type: EventType, table: Chunk) -> npt.NDArray[np.bool_]:
    """Return which events were not let through."""
    if event_type.outcome is None:
        return np.zeros(len(table), dtype=bool)
    withheld: npt.NDArray[np.bool_] = _read_words(table, event_type.outcome.column, event_type.outcome.withholds) == 1
    return withheld


def _read_words(table: Chunk, column: str, read: Callable[[object], int | None]) -> npt.NDArray[np.int8]:
    """Return what ``read`` makes of each cell, each distinct one once; -1 for None and for empty ones."""
    plain = plain_column(table.column(column))
    _fail(column, plain.unreadable)
    if isinstance(plain.values, list):
        values, codes = plain.values, np.arange(len(plain.values))
    else:
        encoded = plain.values.dictionary_encode()
        values = python_values(encoded.dictionary)
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    meanings = []
    for code, value in enumerate(values):
        try:
            meaning = read(value)
        except LabelError as error:
            row = int(np.argmax(codes == code)) + 1
            raise TrainingDataError(f'Row {row}, column "{column}": {error.reason}.') from None
        meanings.append(-1 if meaning is None else meaning)
    found: npt.NDArray[np.int8] = np.array([*meanings, -1], dtype=np.int8)[codes]
    return found


def _fail(column: str, unreadable: Mapping[int, str]) -> None:
    if unreadable:
        row = min(unreadable)
        raise TrainingDataError(f'Row {row + 1}, column "{column}": {unreadable[row]}.')


def _read_known_times(event_type: EventType, table: Chunk, events: Events) -> Floats:
    assert event_type.label is not None
    known: Floats = events.times_s + event_type.label.delay_s
    if event_type.label.time is None:
        return known
    name = event_type.label.time
    column = table.column(name)
    present = find_filled(column)
    plain = plain_column(column)
    values = plain.values
    some = [values[row] for row in present.tolist()] if isinstance(values, list) else values.take(present)
    times, problems = read_time_column(name, some, event_type.time_format)
    placed = [Problem(int(present[problem.row]), name, problem.message) for problem in problems]
    _fail(name, {problem.row: problem.message for problem in placed} | dict(plain.unreadable))
    known[present] = times / 1e6
    for row in np.flatnonzero(known < events.times_s).tolist():
        # A date alone is midnight: on the day of the event, the label became known after it.
        if not event_type.time_format.is_date_of(round(known[row] * 1e6), int(events.times_us[row])):
            raise TrainingDataError(
                f'Row {row + 1}, column "{name}": the label became known before its event; correct it, or leave the '
                "cell empty to use label_delay."
            )
        known[row] = events.times_s[row]
    return known


def find_filled(column: Any) -> Ints:  # noqa: ANN401 - an Arrow array or a list
    """Return the places of a column's values that are not missing."""
    values = plain_column(column).values
    if isinstance(values, list):
        return np.flatnonzero([value is not None and value != "" for value in values])
    filled = pc.is_valid(values)
    if pa.types.is_string(values.type):
        filled = pc.and_(filled, pc.fill_null(pc.not_equal(values, ""), False))
    found: Ints = np.flatnonzero(filled.to_numpy(zero_copy_only=False))
    return found


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def count_categories(events: Events, *, limit: int = 200) -> dict[str, Mapping[str, float]]:
    """Return for each categorical column its most common categories and their shares, most common first."""
    shares: dict[str, Mapping[str, float]] = {}
    for column, keys in events.categories.items():
        counts = np.bincount(keys.codes[keys.codes >= 0], minlength=len(keys.values))
        order = np.argsort(-counts, kind="stable")[:limit]
        shares[column] = {keys.values[code]: round(float(counts[code] / len(events)), 6) for code in order.tolist()}
    return shares
