"""Notes on the columns of a table: ids that look damaged, words for missing values, thousands read as decimals.

Nothing here changes what is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tollgate.core.events.cells import NULL_WORDS, SPOKEN_NULLS
from tollgate.core.events.damaged_ids import DAMAGES, OTHER_FRACTION
from tollgate.core.events.event import Events, Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.arrow_columns import unwrap

_DAMAGED = f"^(?:{'|'.join(pattern for pattern, _ in DAMAGES.values())})$"
_THOUSANDS = r"^\s*[+-]?[1-9][0-9]{0,2}\.[0-9]{3}\s*$"
_FOUR_DIGITS = r"^\s*[+-]?[0-9]{4,}\s*$"
# So many rows of each chunk tell how numbers are written.
_SAMPLE_SIZE = 10_000
_MIN_POINTS = 20
_MAX_SHOWN = 40
# One key stands out that has a tenth of the rows, ten times as many as the next, among so many others.
_MIN_SHARE, _MIN_TIMES, _MIN_KEYS, _MIN_ROWS = 0.1, 10, 10, 200
# Bits of a float → from where on not every whole number is one.
_INEXACT = {16: 2**11, 32: 2**24, 64: 2**53}


@dataclass
class ColumnNotes:
    """What was noticed in the chunks so far: column → what → rows, and examples of it."""

    rows: int = 0
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, event_type: EventType, events: Events, columns: Mapping[str, Any]) -> None:
        """Take events into account, and the columns that they were read from: Arrow arrays or lists."""
        self.rows += len(events)
        singles = {parts[0]: events.entities[name] for name, parts in event_type.entities.items() if len(parts) == 1}
        for column, keys in {**events.categories, **singles}.items():
            rows = np.bincount(keys.codes[keys.codes >= 0], minlength=len(keys.values))
            self._add_keys(column, _as_texts(keys.values), rows, is_entity=column in singles)
        for name in (event_type.id, *event_type.text_columns):
            if name is not None and name in columns:
                self._count(name, "inexact", *count_inexact(columns[name]))
        for number in (event_type.amount, *event_type.numeric):
            if number is not None and number in columns and event_type.number_format.is_plain:
                self._add_numbers(number, columns[number])

    def _count(self, column: str, what: str, rows: int, example: str = "") -> None:
        if rows:
            counted = self.counts.setdefault(column, {})
            counted[what] = counted.get(what, 0) + rows
            self.examples.setdefault(f"{column} {what}", example)

    def _add_keys(self, column: str, values: pa.StringArray, rows: Ints, *, is_entity: bool) -> None:
        if not len(values):
            return
        damaged = np.flatnonzero(np.asarray(pc.match_substring_regex(values, _DAMAGED)))
        if damaged.size:
            self._add_damages(column, values, damaged, rows)
        words = pa.array((*NULL_WORDS, *SPOKEN_NULLS) if is_entity else NULL_WORDS, pa.string())
        for place in np.flatnonzero(np.asarray(pc.is_in(values, words))).tolist():
            self._count(column, f"word {values[place]}", int(rows[place]))
        if is_entity and len(rows) >= _MIN_KEYS and rows.sum() >= _MIN_ROWS:
            second, first = np.partition(rows, -2)[-2:].tolist()
            if first >= _MIN_SHARE * rows.sum() and first >= _MIN_TIMES * second:
                self._count(column, f"often {values[int(np.argmax(rows))]}", first)

    def _add_damages(self, column: str, values: pa.StringArray, damaged: Ints, rows: Ints) -> None:
        """Count each of the ``damaged`` values under the first damage that it has."""
        left, rows = values.take(pa.array(damaged)), rows[damaged]
        for damage, (pattern, _) in DAMAGES.items():
            found = np.asarray(_matches(left, pattern))
            if found.any():
                self._count(column, damage, int(rows[found].sum()), str(left[int(np.argmax(found))]))
                left, rows = left.filter(pa.array(~found)), rows[~found]
        if "fraction" in self.counts[column] and pc.any(_matches(values, OTHER_FRACTION)).as_py():
            self._count(column, "other fraction", 1)

    def _add_numbers(self, column: str, given: Any) -> None:  # noqa: ANN401 - an Arrow array or a list
        if isinstance(given, list):
            given = pa.array([value for value in given[:_SAMPLE_SIZE] if isinstance(value, str)], pa.string())
        if not pa.types.is_string(given.type):
            return
        some = given.slice(0, _SAMPLE_SIZE)
        for what, pattern in (("point", r"\."), ("thousands", _THOUSANDS), ("four digits", _FOUR_DIGITS)):
            found = np.asarray(pc.fill_null(pc.match_substring_regex(some, pattern), False))
            if found.any():
                self._count(column, what, int(found.sum()), str(some[int(np.argmax(found))]).strip())

    def describe(self) -> list[str]:
        """Return the notes, each a sentence."""
        return [note for column, counted in self.counts.items() for note in self._describe(column, counted)]

    def _describe(self, column: str, counted: Mapping[str, int]) -> Iterator[str]:
        for damage, (_, said) in DAMAGES.items():
            if (rows := counted.get(damage)) and not (damage == "fraction" and "other fraction" in counted):
                example = self.examples[f"{column} {damage}"]
                yield f'Column "{column}": {rows:,} values such as "{example[:_MAX_SHOWN]}" {said}.'
        if inexact := counted.get("inexact"):
            yield (
                f'Column "{column}": {inexact:,} values such as {self.examples[f"{column} inexact"]} are floats with '
                "more digits than these hold, so a spreadsheet or a data frame may have rounded different ones to one: "
                "export the column as text, or as whole numbers of 64 bits."
            )
        words = {what.partition(" ")[2]: rows for what, rows in counted.items() if what.startswith("word ")}
        for word, rows in words.items():
            yield (
                f'Column "{column}" is "{word}" in {rows:,} of {self.rows:,} rows, which count as one: '
                f'if that means unknown, leave it empty, or set null_values = ["{_escaped(word)}"] in [event].'
            )
        for what, rows in counted.items():
            kind, _, key = what.partition(" ")
            if kind == "often" and key not in words:
                yield (
                    f'Column "{column}" is "{key}" in {rows:,} of {self.rows:,} rows, far more than any other: if it '
                    "stands for no one in particular, leave it empty, or list it as null_values in [event]."
                )
        points = counted.get("point", 0)
        if points >= _MIN_POINTS and points == counted.get("thousands") and not counted.get("four digits"):
            yield (
                f'Column "{column}": all values that have a point have exactly three digits behind it, such as '
                f'"{self.examples[f"{column} point"]}": are they thousands? Then set decimal = "," and thousands = "." '
                "in [event]."
            )

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that a checkpoint holds."""
        return {"rows": self.rows, "counts": self.counts, "examples": self.examples}


def _matches(values: pa.StringArray, pattern: str) -> pa.BooleanArray:
    return pc.match_substring_regex(values, f"^(?:{pattern})$")


def _as_texts(values: Sequence[str]) -> pa.StringArray:
    arrow = getattr(values, "arrow", None)
    return pa.array(values, pa.string()) if arrow is None else arrow


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\")


def count_inexact(column: Any) -> tuple[int, str]:  # noqa: ANN401 - an Arrow array or a list
    """Return how many values are floats beyond which whole numbers are rounded, and the first as it is read."""
    if isinstance(column, list):
        found = [value for value in column if type(value) is float and _INEXACT[64] <= abs(value) < np.inf]
        return len(found), str(int(found[0])) if found else ""
    kind = unwrap(column[:0]).type
    if not pa.types.is_floating(kind):
        return 0, ""
    values = unwrap(column).to_numpy(zero_copy_only=False).astype(np.float64)
    large = np.flatnonzero((np.abs(values) >= _INEXACT[kind.bit_width]) & np.isfinite(values))
    return len(large), str(int(values[large[0]])) if len(large) else ""
