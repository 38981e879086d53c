"""Data quality notes on a table before training, one sentence each.

Nothing here changes what is learned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from tollgate.core.events.cells import WHOLE_WITH_ZEROS, one_spelling
from tollgate.core.events.event import Floats, Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.events.number_format import PLAIN
from tollgate.core.files.columns.arrow_columns import is_text_type, plain_column, unwrap
from tollgate.core.files.notes.column_notes import ColumnNotes
from tollgate.core.files.notes.time_notes import ClockNotes
from tollgate.core.times.outliers import by_day, find_odd_span, find_outliers
from tollgate.core.times.time_format import TimeFormat

from model_build.data.leakage import LabelLeak, find_label_leaks
from model_build.data.split import FEW_FRAUDS, describe_fraud_majority
from model_build.data.table import LabeledEvents
from model_build.detector_file.reader import DetectorFile

_MAX_NAMED = 5
_DAY_S = 86_400
# Two different values are nearly always among the first events; only where they are not are all of them looked at.
_FIRST = 1_000
_ENDS_IN_A_ZONE = r":\d\d([.,]\d+)?\s*([Zz]|[+-]\d\d(:?\d\d)?)\s*$"


def note_data_quality(data: LabeledEvents, file: DetectorFile, now_s: float | None) -> tuple[str, ...]:
    """Return what to know about the data, most important first; ``now_s`` is the time in seconds since 1970.

    Without ``now_s``, nothing is compared with the present.
    """
    return (
        *_note_frauds(data),
        *(_describe(leak, data) for leak in find_label_leaks(data.events, data.labels)),
        *_note_columns(data, file.event_type),
        *note_values(data, file.event_type),
        *_note_times(data, file.event_type.time_format),
        *([] if now_s is None else _note_young_labels(data, now_s)),
        *_note_clock(data, file.event_type),
        *_note_zones(data, file.event_type),
        *_note_rows(data),
    )


def _note_frauds(data: LabeledEvents) -> Iterator[str]:
    frauds = int((data.labels == 1).sum())
    if mostly := describe_fraud_majority(data):
        yield f"{mostly}: are the labels swapped? Set label_values in [event] to say which word means fraud."
    if frauds < FEW_FRAUDS:
        events = "event is" if frauds == 1 else "events are"
        yield f"Only {frauds} {events} labeled as fraud: every figure above is uncertain."


def _describe(leak: LabelLeak, data: LabeledEvents) -> str:
    if leak.auc is None:
        state = "filled in" if leak.found_by == "presence" else "empty"
        finding = (
            f"is {state} for {leak.seen_frauds:,} of {int((data.labels == 1).sum()):,} frauds and for "
            f"{leak.seen_legitimate:,} of {int((data.labels == 0).sum()):,} legitimate events"
        )
    else:
        finding = f"alone separates fraud from legitimate with an AUC of {_rounded_down(leak.auc)}"
    return (
        f'Column "{leak.column}" {finding}: it likely leaks the label, because it was filled in after the outcome was '
        "known. Remove it from detector.toml unless every new event really has it."
    )


def _rounded_down(area: float) -> str:
    """Return four places, and 1 only where no single pair is out of order."""
    return "1" if area == 1 else f"{np.floor(area * 1e4) / 1e4:.4f}"


def _missing(values: Floats | Ints) -> npt.NDArray[np.bool_]:
    return values < 0 if values.dtype.kind == "i" else np.isnan(values)


@dataclass(frozen=True)
class _Column:
    """A declared column: ``values`` has NaN or a code of -1 for a missing value, shape (n,)."""

    values: Floats | Ints
    is_entity: bool = False

    @property
    def is_empty(self) -> bool:
        return bool(_missing(self.values[:_FIRST]).all() and _missing(self.values).all())

    @property
    def is_constant(self) -> bool:
        """Whether every event has the same value; being empty at times does tell something. Entities may be alone."""
        first = self.values[0]
        return not self.is_entity and bool((self.values[:_FIRST] == first).all() and (self.values == first).all())


def _declared(data: LabeledEvents, event_type: EventType) -> dict[str, _Column]:
    """Return the declared columns by their names in the table; a column with two roles stands here once."""
    events = data.events
    singles = (
        (event_type.amount, events.amounts),
        (event_type.latitude, events.latitudes),
        (event_type.longitude, events.longitudes),
    )
    columns = {
        " + ".join(event_type.entities[name]): _Column(keys.codes, is_entity=True)
        for name, keys in events.entities.items()
    }
    columns |= {name: _Column(values) for name, values in singles if name is not None and values is not None}
    columns |= {name: _Column(values) for name, values in events.numeric.items()}
    return columns | {name: _Column(keys.codes) for name, keys in events.categories.items()}


def _note_columns(data: LabeledEvents, event_type: EventType) -> Iterator[str]:
    columns = _declared(data, event_type)
    empty = [name for name, column in columns.items() if column.is_empty]
    constant = [name for name, column in columns.items() if column.is_constant and name not in empty]
    if empty:
        yield (f"{_name(empty)} empty in every row: fix the export, or remove the {_noun(empty)} from detector.toml.")
    if constant:
        yield (
            f"{_name(constant)} the same in every row, so a model learns nothing from {_pronoun(constant)}: check the "
            f"export, or remove the {_noun(constant)} from detector.toml."
        )


def note_values(data: LabeledEvents, event_type: EventType) -> Iterator[str]:
    """Yield what looks odd in the values of columns, each in one sentence."""
    columns = {name: _as_written(column) for name, column in zip(data.table.names, data.table.columns, strict=True)}
    notes = ColumnNotes()
    notes.add(event_type, data.events, columns)
    yield from notes.describe()
    for name in (event_type.id, *event_type.text_columns):
        if name is not None:
            yield from _note_spellings(name, columns[name])


def _as_written(column: Any) -> Any:  # noqa: ANN401 - an Arrow array or a list
    """Return a column whose text is plain; what is no text stays as it is."""
    column = column if isinstance(column, list) else unwrap(column)
    is_text = isinstance(column, list) or is_text_type(column.type)
    return plain_column(column).values if is_text else column


def _note_spellings(name: str, column: Any) -> Iterator[str]:  # noqa: ANN401 - an Arrow array or a list
    """Yield notes on ids of numbers that were written in several ways."""
    if isinstance(column, list) or not pa.types.is_string(column.type):
        return
    zeros = pc.fill_null(pc.match_substring_regex(column, rf"^\s*{WHOLE_WITH_ZEROS.pattern}\s*$"), False)
    if count := pc.sum(zeros).as_py():
        example = column[pc.index(zeros, True).as_py()].as_py().strip()
        yield (
            f'Column "{name}": {count:,} of {len(column):,} values are whole numbers with decimals, such as '
            f'"{example}", and were read as "{one_spelling(example)}": another program stored them as decimals, so '
            "leading zeros are lost. Export the column as text."
        )
    padded = pc.unique(column.filter(pc.fill_null(pc.match_substring_regex(column, "^0+[1-9][0-9]*$"), False)))
    bare = pc.utf8_ltrim(padded, "0")
    both = pc.is_in(bare, pc.unique(column))
    if count := pc.sum(both).as_py():
        first = pc.index(both, True).as_py()
        yield (
            f'Column "{name}" has {count:,} numbers both with and without leading zeros, such as "{padded[first]}" '
            f'and "{bare[first]}"; they count as different IDs. Export the column as text if they are the same.'
        )


def _noun(columns: Sequence[str]) -> str:
    return "column" if len(columns) == 1 else "columns"


def _pronoun(columns: Sequence[str]) -> str:
    return "it" if len(columns) == 1 else "them"


def _name(columns: Sequence[str]) -> str:
    quoted = ", ".join(f'"{column}"' for column in columns[:_MAX_NAMED])
    more = f" and {len(columns) - _MAX_NAMED:,} more" if len(columns) > _MAX_NAMED else ""
    return f"Column {quoted} is" if len(columns) == 1 else f"Columns {quoted}{more} are"


def _note_times(data: LabeledEvents, form: TimeFormat) -> Iterator[str]:
    times_us = data.events.times_us
    outliers = list(find_outliers(*by_day(times_us, data.rows)))
    yield from (one.describe(unsealed=one == data.late) for one in outliers)
    if len(times_us) and not outliers:
        yield from find_odd_span(form, int(np.min(times_us)), int(np.max(times_us)))


def _note_young_labels(data: LabeledEvents, now_s: float) -> Iterator[str]:
    unknown = int(((data.labels >= 0) & (data.known_s > now_s)).sum())
    if unknown:
        yield (
            f"{unknown:,} labels are newer than label_delay ({data.label_delay_s / _DAY_S:g} days), so some frauds may "
            "not be reported yet: no model learns from these labels, and test figures that include them are "
            "provisional. Train again later, or leave those labels empty."
        )


def _note_clock(data: LabeledEvents, event_type: EventType) -> Iterator[str]:
    notes = ClockNotes()
    notes.add(event_type, data.events.times_us, data.table.column(event_type.timestamp), data.rows)
    yield from notes.describe(event_type)


def _note_zones(data: LabeledEvents, event_type: EventType) -> Iterator[str]:
    column = plain_column(data.table.column(event_type.timestamp)).values
    if isinstance(column, list):
        column = pa.array([value if isinstance(value, str) else None for value in column], pa.string())
    # Where a zone is declared, it is meant for those.
    declared = replace(event_type.time_format, numbers=PLAIN) != TimeFormat()
    if declared or not pa.types.is_string(column.type):
        return
    zoned = pc.sum(pc.match_substring_regex(column, _ENDS_IN_A_ZONE)).as_py() or 0
    if 0 < zoned < len(column):
        yield (
            f'Column "{event_type.timestamp}" has a time zone in {zoned:,} rows and none in {len(column) - zoned:,}: '
            "times without a zone were read as UTC. Add the zone if they are not UTC."
        )


def _note_rows(data: LabeledEvents) -> Iterator[str]:
    if np.any(np.diff(data.rows) < 0):
        yield "The rows were not in order of time and were sorted."
    if data.unused_columns:
        yield f"Undeclared columns, not used: {', '.join(data.unused_columns)}."
    unlabeled = int((data.labels < 0).sum())
    if unlabeled:
        yield f"{unlabeled:,} events have no label: they count in histories, but no model learns from them."
