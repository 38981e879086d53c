"""Reader of events from columns: whole columns at once where they are clean, and the core's own reading where not.

Files, training and Spark read events here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tollgate.core.events.cells import (
    MAX_NUMBER,
    Problem,
    bound,
    read_boolean,
    read_each,
    read_number,
    read_numbers,
    read_text,
)
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.events.reader import AMOUNT_LIMIT, NO_ID, repeated_id, written
from tollgate.core.files.columns.arrow_columns import plain_column, unwrap
from tollgate.core.files.columns.dictionary_column import DictionaryColumn, LazyTexts, join_columns
from tollgate.core.files.columns.quick_columns import plain_numbers, quick_times, surely_clean, without_null
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.readers.blank_rows import say_blank_rows
from tollgate.core.files.readers.chunk import Chunk
from tollgate.core.files.readers.python_values import python_values
from tollgate.core.times.clock_skew import SkewLimit
from tollgate.core.times.time_format import TimeFormat

_DURATION = "a duration is not a time"


@dataclass(frozen=True)
class ChunkEvents:
    """The usable rows of a chunk as ``events``: their places in the chunk, and the keys of each entity.

    ``problems`` maps places of other rows to the column and the reason. ``ids`` are those of all rows, as far as they
    have one. ``ahead`` counts the rows that lie ahead of the clock; ``clocks`` maps the places of those that are
    decided as of it to its time.
    """

    events: Events
    places: Ints
    keys: Mapping[str, DictionaryColumn]
    problems: Mapping[int, tuple[str, str]]
    ids: DictionaryColumn
    ahead: int = 0
    clocks: Mapping[int, str] = field(default_factory=dict)


def _none_repeated(_ids: DictionaryColumn, _codes: Ints, _first_row: int) -> Mapping[int, int]:
    return {}


def repeated_in_chunk(_ids: DictionaryColumn, codes: Ints, first_row: int) -> Mapping[int, int]:
    """Return which rows of a chunk that is a whole table repeat an id, by their place, and which row had it first.

    Rows whose code is -1 have no id, or take none.
    """
    given = np.flatnonzero(codes >= 0)
    _, first, where = np.unique(codes[given], return_index=True, return_inverse=True)
    if len(first) == len(given):
        return {}
    earlier = given[first[where]]
    repeated = np.flatnonzero(earlier != given)
    return dict(zip(given[repeated].tolist(), (first_row + earlier[repeated]).tolist(), strict=True))


class EventReader:
    """Reads chunks of one file. ``find_repeated`` tells which rows repeat an id, and of which row, from 0.

    Only rows without another problem take an id, and are asked about: the others have code -1. Without
    ``find_repeated`` no row repeats one: the caller knows, or does not mind. With a ``limit``, rows that lie ahead of
    the clock are treated as that says.
    """

    def __init__(
        self,
        event_type: EventType,
        hashing: KeyHashes,
        find_repeated: Callable[[DictionaryColumn, Ints, int], Mapping[int, int]] = _none_repeated,
        limit: SkewLimit | None = None,
    ) -> None:
        self._type = event_type
        self._hashing = hashing
        self._find_repeated = find_repeated
        self._limit = limit

    def read(self, chunk: Chunk) -> ChunkEvents:
        """Read a chunk."""
        kind = self._type
        columns = _Columns(kind, dict(zip(chunk.names, chunk.columns, strict=True)), self._hashing)
        texts = {name: columns.texts(name) for name in kind.text_columns}
        numeric = {name: columns.numbers(name) for name in kind.numeric}
        numeric |= {name: columns.booleans(name) for name in kind.boolean}
        ids = self._read_ids(columns, chunk)
        times_us, ahead = self._settle(columns, columns.times(kind.timestamp))
        amounts = columns.bounded(kind.amount, AMOUNT_LIMIT)
        latitudes, longitudes = columns.bounded(kind.latitude, 90), columns.bounded(kind.longitude, 180)
        problems: dict[int, tuple[str, str]] = {row: ("", reason) for row, reason in chunk.misshapen.items()}
        for problem in columns.problems:
            problems.setdefault(problem.row, (problem.column, problem.message))
        say_blank_rows(kind, chunk, problems)
        problems |= self._repeated(ids, problems, chunk.first_row)
        places = np.flatnonzero(_without(problems, len(chunk)))
        keep = slice(None) if len(places) == len(chunk) else places
        taken = {
            name: its if len(places) == len(chunk) else its.take(places, self._hashing) for name, its in texts.items()
        }
        keys = {
            entity: join_columns([taken[part] for part in parts], self._hashing)
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
        return ChunkEvents(events, places, keys, problems, ids, len(ahead), self._clocks(ahead, problems))

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

    def _read_ids(self, columns: _Columns, chunk: Chunk) -> DictionaryColumn:
        name = self._type.id
        if name is None:
            numbers = pa.array(np.arange(chunk.first_row, chunk.first_row + len(chunk)) + 1)
            return DictionaryColumn.of(np.arange(len(chunk)), numbers.cast(pa.string()), self._hashing)
        ids = columns.texts(name)
        columns.problems += [Problem(row, name, NO_ID) for row in np.flatnonzero(ids.codes < 0).tolist()]
        return ids

    def _repeated(
        self, ids: DictionaryColumn, problems: Mapping[int, object], first_row: int
    ) -> dict[int, tuple[str, str]]:
        """Return the problems of rows that would be usable, if their id had not been taken before."""
        name = self._type.id
        if name is None:
            return {}
        codes = np.where(_without(problems, len(ids.codes)), ids.codes, -1) if problems else ids.codes
        found = [
            repeated_id(name, ids.values[int(codes[row])], row, earlier)
            for row, earlier in self._find_repeated(ids, codes, first_row).items()
        ]
        return {problem.row: (problem.column, problem.message) for problem in found}


def _without(problems: Mapping[int, object], rows: int) -> npt.NDArray[np.bool_]:
    """Return which of so many rows have no problem."""
    good = np.ones(rows, dtype=bool)
    good[list(problems)] = False
    return good


def _texts_of_rows(texts: DictionaryColumn, places: Ints) -> LazyTexts:
    return LazyTexts(lambda: texts.values.arrow.take(pa.array(texts.codes[places])), len(places))


class _Columns:
    """Columns by name, and the problems that reading them met."""

    def __init__(self, event_type: EventType, columns: Mapping[str, Any], hashing: KeyHashes) -> None:
        self._type = event_type
        self._columns = columns
        self._hashing = hashing
        self._plain: dict[str, Any] = {}
        self.problems: list[Problem] = []

    def _note(self, read: tuple[Any, Sequence[Problem]]) -> Any:  # noqa: ANN401 - what is read
        self.problems.extend(read[1])
        return read[0]

    def _column(self, name: str) -> Any:  # noqa: ANN401 - an Arrow array of a plain type, or a list
        if name not in self._plain:
            plain = plain_column(self._columns[name])
            self.problems += [Problem(row, name, reason) for row, reason in plain.unreadable.items()]
            self._plain[name] = without_null(self._type, plain.values)
        return self._plain[name]

    def _numbers(self, name: str) -> Any:  # noqa: ANN401 - an Arrow array or a list
        """Return a column of numbers; decimals are text otherwise, and text has marks of its own."""
        column = self._column(name)
        return pc.cast(column, pa.float64()) if _is(pa.types.is_decimal, self._columns[name]) else column

    def bounded(self, name: str | None, limit: float) -> Floats | None:
        """Return a column of numbers within ±limit, NaN where missing."""
        if name is None:
            return None
        quick = self._quick_numbers(name, limit)
        if quick is not None:
            return quick
        reader = written(self._type, bound(-limit, limit))
        column: Floats = self._note(read_each(name, python_values(self._numbers(name)), reader, np.nan))
        return column

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers, NaN where missing."""
        quick = self._quick_numbers(name, MAX_NUMBER)
        if quick is not None:
            return quick
        if self._type.number_format.is_plain:
            column: Floats = self._note(read_numbers(name, python_values(self._numbers(name))))
        else:
            given = python_values(self._numbers(name))
            column = self._note(read_each(name, given, written(self._type, read_number), np.nan))
        return column

    def _quick_numbers(self, name: str, limit: float) -> Floats | None:
        column = self._numbers(name)
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
        column = self._column(name)
        if not isinstance(column, list) and len(column):
            encoded = column.dictionary_encode()
            values, problems = read_each(name, python_values(encoded.dictionary), read_boolean, np.nan)
            if not problems:
                booleans: Floats = np.append(values, np.nan)[_codes_of(encoded)]
                return booleans
        each: Floats = self._note(read_each(name, python_values(column), read_boolean, np.nan))
        return each

    def times(self, name: str) -> Ints:
        """Return a column of microseconds since 1970 UTC, 0 where there is a problem."""
        if _is(pa.types.is_duration, self._columns[name]):
            self.problems += [Problem(row, name, _DURATION) for row in range(len(self._columns[name]))]
        times: Ints = self._note(read_time_column(name, self._column(name), self._type.time_format))
        return times

    def texts(self, name: str) -> DictionaryColumn:
        """Return a column of identifying texts."""
        column = self._column(name)
        if isinstance(column, list):
            return self._spelled(name, column)
        encoded = column.dictionary_encode()
        codes, values = _codes_of(encoded), encoded.dictionary
        if not pa.types.is_string(values.type):
            return self._respelled(name, codes, python_values(values), range(len(values)))
        clean = pc.and_(surely_clean(values), pc.greater(pc.binary_length(values), 0))
        if pc.all(clean).as_py() is not False:
            return DictionaryColumn.of(codes, values, self._hashing)
        return self._respelled(name, codes, values.to_pylist(), np.flatnonzero(~np.asarray(clean)).tolist())

    def _respelled(self, name: str, codes: Ints, values: list[Any], doubtful: Iterable[int]) -> DictionaryColumn:
        """Read some of the distinct values one by one; several spellings may be one key, such as 36 and 36.0."""
        for place in doubtful:
            try:
                values[place] = read_text(values[place])
            except ValueError as error:
                values[place] = None
                self.problems += [Problem(row, name, str(error)) for row in np.flatnonzero(codes == place).tolist()]
        distinct = pa.array([*values, None], pa.string()).dictionary_encode()
        return DictionaryColumn.of(_codes_of(distinct)[codes], distinct.dictionary, self._hashing)

    def _spelled(self, name: str, given: Sequence[Any]) -> DictionaryColumn:
        texts: list[str | None] = []
        for row, value in enumerate(given):
            try:
                texts.append(read_text(value))
            except ValueError as error:
                texts.append(None)
                self.problems.append(Problem(row, name, str(error)))
        return self._numbered(texts)

    def _numbered(self, texts: Sequence[str | None]) -> DictionaryColumn:
        encoded = pa.array(texts, pa.string()).dictionary_encode()
        return DictionaryColumn.of(_codes_of(encoded), encoded.dictionary, self._hashing)


def _codes_of(encoded: pa.DictionaryArray) -> Ints:
    codes: Ints = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _is(test: Callable[[pa.DataType], bool], column: Any) -> bool:  # noqa: ANN401 - an Arrow array or a list
    return not isinstance(column, list) and test(unwrap(column[:0]).type)


def read_time_column(name: str, column: Any, form: TimeFormat) -> tuple[Ints, list[Problem]]:  # noqa: ANN401
    """Read a plain column of times: microseconds since 1970 UTC, 0 where there is a problem."""
    if not isinstance(column, list) and pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("us"))
    quick = None if isinstance(column, list) or column.null_count else quick_times(column, form)
    return form.read_column(name, python_values(column)) if quick is None else (quick, [])
