"""A piece's columns into events: whole columns at once where they are clean, and the core's own reading where not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tollgate.core.clock_skew import SkewLimit
from tollgate.core.event import Events, Floats, Ints
from tollgate.core.event_type import EventType
from tollgate.core.files.key_hashes import KeyHashes
from tollgate.core.files.piece import Piece
from tollgate.core.files.python_values import python_values
from tollgate.core.files.quick_columns import plain_numbers, quick_times, surely_clean, without_null
from tollgate.core.files.texts import LazyTexts, Texts, join_texts
from tollgate.core.reading import AMOUNT_LIMIT, NO_ID, repeated_id, written
from tollgate.core.values import (
    MAX_NUMBER,
    Problem,
    bound,
    read_boolean,
    read_each,
    read_number,
    read_numbers,
    read_text,
)


@dataclass(frozen=True)
class PieceEvents:
    """The usable rows of a piece as ``events``: their places in the piece, and the keys of each entity.

    ``problems`` maps places of other rows to the column and the reason. ``ahead`` counts the rows that lie ahead of the
    clock; ``clocks`` maps the places of those that are decided as of it to its time.
    """

    events: Events
    places: Ints
    keys: Mapping[str, Texts]
    problems: Mapping[int, tuple[str, str]]
    ahead: int = 0
    clocks: Mapping[int, str] = field(default_factory=dict)


def _none_repeated(_ids: Texts, _codes: Ints, _first_row: int) -> Mapping[int, int]:
    return {}


class EventReader:
    """Reads pieces of one file. ``find_repeated`` tells which rows repeat an id, and of which row, from 0.

    Without it no row does: the caller knows, or does not mind. With a ``limit``, rows that lie ahead of the clock are
    treated as that says.
    """

    def __init__(
        self,
        event_type: EventType,
        hashing: KeyHashes,
        find_repeated: Callable[[Texts, Ints, int], Mapping[int, int]] = _none_repeated,
        limit: SkewLimit | None = None,
    ) -> None:
        self._type = event_type
        self._hashing = hashing
        self._find_repeated = find_repeated
        self._limit = limit

    def read(self, piece: Piece) -> PieceEvents:
        """Read a piece."""
        kind = self._type
        columns = _Columns(kind, dict(zip(piece.names, piece.columns, strict=True)), self._hashing)
        texts = {name: columns.texts(name) for name in kind.text_columns}
        numeric = {name: columns.numbers(name) for name in kind.numeric}
        numeric |= {name: columns.booleans(name) for name in kind.boolean}
        ids = self._ids(columns, piece)
        times_us, ahead = self._settle(columns, columns.times(kind.timestamp))
        amounts = columns.bounded(kind.amount, AMOUNT_LIMIT)
        latitudes, longitudes = columns.bounded(kind.latitude, 90), columns.bounded(kind.longitude, 180)
        problems: dict[int, tuple[str, str]] = {row: ("", reason) for row, reason in piece.misshapen.items()}
        for problem in columns.problems:
            problems.setdefault(problem.row, (problem.column, problem.message))
        good = np.ones(len(piece), dtype=bool)
        good[list(problems)] = False
        places = np.flatnonzero(good)
        keep = slice(None) if len(places) == len(piece) else places
        taken = {
            name: its if len(places) == len(piece) else its.take(places, self._hashing) for name, its in texts.items()
        }
        keys = {
            entity: join_texts([taken[part] for part in parts], self._hashing)
            for entity, parts in kind.entities.items()
        }
        events = Events(
            ids=_texts_of_rows(ids, places),
            times_us=times_us[keep],
            amounts=None if amounts is None else amounts[keep],
            latitudes=None if latitudes is None else latitudes[keep],
            longitudes=None if longitudes is None else longitudes[keep],
            numeric={name: column[keep] for name, column in numeric.items()},
            categories={name: taken[name].keys for name in kind.categorical},
            entities={entity: its.keys for entity, its in keys.items()},
        )
        return PieceEvents(events, places, keys, problems, len(ahead), self._clocks(ahead, problems))

    def _settle(self, columns: _Columns, times_us: Ints) -> tuple[Ints, Sequence[int]]:
        if self._limit is None:
            return times_us, ()
        settled, ahead, problems = self._limit.settle(times_us)
        columns.problems += problems
        return settled, ahead.tolist()

    def _clocks(self, ahead: Sequence[int], problems: Mapping[int, tuple[str, str]]) -> Mapping[int, str]:
        if self._limit is None or not self._limit.as_of_now:
            return {}
        return dict.fromkeys((row for row in ahead if row not in problems), self._limit.used)

    def _ids(self, columns: _Columns, piece: Piece) -> Texts:
        name = self._type.id
        ids = columns.texts(name)
        columns.problems += [Problem(row, name, NO_ID) for row in np.flatnonzero(ids.codes < 0).tolist()]
        columns.problems += [
            repeated_id(name, ids.values[int(ids.codes[row])], row, earlier)
            for row, earlier in self._find_repeated(ids, ids.codes, piece.first_row).items()
        ]
        return ids


def _texts_of_rows(texts: Texts, places: Ints) -> LazyTexts:
    return LazyTexts(lambda: texts.values.arrow.take(pa.array(texts.codes[places])), len(places))


class _Columns:
    """Columns by name, and the problems that reading them met."""

    def __init__(self, event_type: EventType, columns: Mapping[str, Any], hashing: KeyHashes) -> None:
        self._type = event_type
        self._columns = {name: without_null(event_type, column) for name, column in columns.items()}
        self._hashing = hashing
        self.problems: list[Problem] = []

    def _note(self, read: tuple[Any, Sequence[Problem]]) -> Any:  # noqa: ANN401 - what is read
        self.problems.extend(read[1])
        return read[0]

    def _given(self, name: str) -> list[Any]:
        return python_values(self._columns[name])

    def bounded(self, name: str | None, limit: float) -> Floats | None:
        """Return a column of numbers within ±limit, NaN where missing."""
        if name is None:
            return None
        quick = self._quick_numbers(name, limit)
        if quick is not None:
            return quick
        reader = written(self._type, bound(-limit, limit))
        column: Floats = self._note(read_each(name, self._given(name), reader, np.nan))
        return column

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers, NaN where missing."""
        quick = self._quick_numbers(name, MAX_NUMBER)
        if quick is not None:
            return quick
        if self._type.number_format.is_plain:
            column: Floats = self._note(read_numbers(name, self._given(name)))
        else:
            column = self._note(read_each(name, self._given(name), written(self._type, read_number), np.nan))
        return column

    def _quick_numbers(self, name: str, limit: float) -> Floats | None:
        column = self._columns[name]
        if isinstance(column, list) or pa.types.is_boolean(column.type):
            return None
        try:
            column = plain_numbers(self._type.number_format, column)
            values: Floats = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None
        missing = column.null_count
        if pa.types.is_floating(column.type):
            missing = int(np.isnan(values).sum())
        return values if int((np.abs(values) <= limit).sum()) + missing == len(values) else None

    def booleans(self, name: str) -> Floats:
        """Return a column of 1, 0 and NaN."""
        column: Floats = self._note(read_each(name, self._given(name), read_boolean, np.nan))
        return column

    def times(self, name: str) -> Ints:
        """Return a column of microseconds since 1970 UTC, 0 where there is a problem."""
        column, form = self._columns[name], self._type.time_format
        quick = None if isinstance(column, list) or column.null_count else quick_times(column, form)
        times: Ints = self._note(form.read_column(name, self._given(name))) if quick is None else quick
        return times

    def texts(self, name: str) -> Texts:
        """Return a column of identifying texts."""
        column = self._columns[name]
        if isinstance(column, list) or not (pa.types.is_string(column.type) or pa.types.is_dictionary(column.type)):
            return self._spelled(name, self._given(name))
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        values = encoded.dictionary
        clean = surely_clean(values)
        if pc.all(clean).as_py() is not False and not pc.any(pc.equal(pc.binary_length(values), 0)).as_py():
            return Texts.of(codes, values, self._hashing)
        return self._respelled(name, codes, values, np.asarray(clean))

    def _respelled(self, name: str, codes: Ints, values: pa.StringArray, clean: Any) -> Texts:  # noqa: ANN401
        """Read values that are not surely clean one by one; several spellings may be one key, such as 36 and 36.0."""
        spelled: list[str | None] = values.to_pylist()
        for place in np.flatnonzero(~clean | (np.asarray(pc.binary_length(values)) == 0)).tolist():
            try:
                spelled[place] = read_text(spelled[place])
            except ValueError as error:
                spelled[place] = None
                self.problems += [Problem(row, name, str(error)) for row in np.flatnonzero(codes == place).tolist()]
        again = pa.array(spelled, pa.string()).dictionary_encode()
        renumbered = np.append(again.indices.fill_null(-1).to_numpy(zero_copy_only=False), -1).astype(np.int64)
        return Texts.of(renumbered[codes], again.dictionary, self._hashing)

    def _spelled(self, name: str, given: Sequence[Any]) -> Texts:
        texts: list[str | None] = []
        for row, value in enumerate(given):
            try:
                texts.append(read_text(value))
            except ValueError as error:
                texts.append(None)
                self.problems.append(Problem(row, name, str(error)))
        return self._numbered(texts)

    def _numbered(self, texts: Sequence[str | None]) -> Texts:
        encoded = pa.array(texts, pa.string()).dictionary_encode()
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return Texts.of(codes, encoded.dictionary, self._hashing)
