"""Column reader: reads each column of events with the reader of its role.

The JSON of one event and columns of Python values (`events.reader`) go through it, and so do columns of Arrow
(`files.columns`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np

from tollgate.core.events.cells import (
    NUMBER,
    NumberRange,
    Problem,
    parse_numbers,
    read_boolean,
    read_each,
    read_texts,
)
from tollgate.core.events.event import Events, Floats, Ints, Keys
from tollgate.core.events.event_type import EventType
from tollgate.core.times.clock_skew import SkewLimit

NO_ID = "an id is required"
_AMOUNT, _LATITUDE, _LONGITUDE = NumberRange.within(1e12), NumberRange.within(90), NumberRange.within(180)


class Coded(Protocol):
    """A column of texts as codes."""

    @property
    def codes(self) -> Ints:
        """The codes, shape (n,); -1 is a missing value."""
        ...


Texts = TypeVar("Texts", bound=Coded)
Read = TypeVar("Read")


class ReadColumns(NamedTuple, Generic[Texts]):
    """The columns of n events by their roles, shape (n,) each; ``texts`` are those of categories and entities."""

    ids: Texts
    times_us: Ints
    amounts: Floats | None
    latitudes: Floats | None
    longitudes: Floats | None
    numeric: Mapping[str, Floats]
    texts: Mapping[str, Texts]

    def take(self, rows: Ints, texts: Mapping[str, Texts]) -> ReadColumns[Texts]:
        """Return some rows, of which the ``texts`` are given; ``ids`` stay those of all."""

        def taken(column: Floats | None) -> Floats | None:
            return None if column is None else column[rows]

        return ReadColumns(
            ids=self.ids,
            times_us=self.times_us[rows],
            amounts=taken(self.amounts),
            latitudes=taken(self.latitudes),
            longitudes=taken(self.longitudes),
            numeric={name: column[rows] for name, column in self.numeric.items()},
            texts=texts,
        )

    def events(self, ids: Sequence[str], categories: Mapping[str, Keys], entities: Mapping[str, Keys]) -> Events:
        """Return the rows as events, whose ids, categories and entities are given."""
        return Events(
            ids, self.times_us, self.amounts, self.latitudes, self.longitudes, self.numeric, categories, entities
        )


class ColumnReader(ABC, Generic[Texts]):
    """Reads the declared columns of n events.

    ``problems`` are those of values, each of which counts as missing. With a ``limit``, rows that lie ``ahead`` of the
    clock are treated as that says.
    """

    def __init__(self, event_type: EventType, limit: SkewLimit | None = None) -> None:
        self.problems: list[Problem] = []
        self.ahead: Sequence[int] = ()
        self._type = event_type
        self._limit = limit

    def read(self) -> ReadColumns[Texts]:
        """Read every column by its role."""
        kind = self._type
        texts = {name: self.texts(name) for name in kind.text_columns}
        numeric = {name: self.numbers(name) for name in kind.numeric}
        numeric |= {name: self.booleans(name) for name in kind.boolean}
        return ReadColumns(
            ids=self.row_numbers() if kind.id is None else self.ids(kind.id),
            times_us=self._settle(self.times(kind.timestamp)),
            amounts=None if kind.amount is None else self.numbers(kind.amount, _AMOUNT),
            latitudes=None if kind.latitude is None else self.numbers(kind.latitude, _LATITUDE),
            longitudes=None if kind.longitude is None else self.numbers(kind.longitude, _LONGITUDE),
            numeric=numeric,
            texts=texts,
        )

    @abstractmethod
    def values(self, name: str) -> Sequence[object]:
        """Return the n values of a column, None for each that is missing."""

    @abstractmethod
    def keyed(self, texts: Sequence[str | None]) -> Texts:
        """Return texts as a column of codes."""

    @abstractmethod
    def row_numbers(self) -> Texts:
        """Return the numbers of the rows, from 1: the ids where none are declared."""

    def note(self, read: tuple[Read, Sequence[Problem]]) -> Read:
        """Keep the problems that reading a column met, and return what was read."""
        self.problems.extend(read[1])
        return read[0]

    def texts(self, name: str) -> Texts:
        """Return a column of identifying texts."""
        return self.keyed(self.note(read_texts(name, self.values(name))))

    def ids(self, name: str) -> Texts:
        """Return the column of ids, of which each row needs one."""
        known = len(self.problems)
        ids = self.texts(name)
        if len(lacking := np.flatnonzero(ids.codes < 0)):
            said = {problem.row for problem in self.problems[known:]}
            self.problems += [Problem(row, name, NO_ID) for row in lacking.tolist() if row not in said]
        return ids

    def numbers(self, name: str, within: NumberRange = NUMBER) -> Floats:
        """Return a column of numbers, NaN where missing."""
        values, form = self.number_values(name), self._type.number_format
        clean = parse_numbers(values, within.limit) if form.is_plain else None
        return self.note(read_each(name, values, form.reader(within.read), np.nan)) if clean is None else clean

    def number_values(self, name: str) -> Sequence[object]:
        """Return the values of a column of numbers."""
        return self.values(name)

    def booleans(self, name: str) -> Floats:
        """Return a column of 1, 0 and NaN."""
        return self.each(name, read_boolean)

    def times(self, name: str) -> Ints:
        """Return a column of microseconds since 1970 UTC, 0 where there is a problem."""
        return self.note(self._type.time_format.read_column(name, self.values(name)))

    def each(self, name: str, read: Callable[[object], float]) -> Floats:
        """Return what ``read`` makes of each value of a column, NaN where it raises `ValueError`, which is noted."""
        return self.note(read_each(name, self.values(name), read, np.nan))

    def _settle(self, times_us: Ints) -> Ints:
        if self._limit is None:
            return times_us
        settled, ahead, refused = self._limit.settle(times_us)
        self.ahead = ahead.tolist()
        self.problems += refused
        return settled


def find_repeated(codes: Ints) -> dict[int, int]:
    """Return which rows repeat an id, and which row had it first; rows whose code is -1 have none, or take none."""
    given = np.flatnonzero(codes >= 0)
    _, first, where = np.unique(codes[given], return_index=True, return_inverse=True)
    if len(first) == len(given):
        return {}
    earlier = given[first[where]]
    repeated = np.flatnonzero(earlier != given)
    return dict(zip(given[repeated].tolist(), earlier[repeated].tolist(), strict=True))


def repeated_id(name: str, text: str, row: int, first: int) -> Problem:
    """Return the problem of a row whose id stands in the ``first`` row already; rows count from 0."""
    return Problem(row, name, f'id "{text}" was already used in row {first + 1}')
