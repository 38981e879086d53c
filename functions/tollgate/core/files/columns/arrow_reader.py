"""Reader of events from chunks of Arrow columns, as files, training and Spark have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tollgate.core.events.column_reader import find_repeated, repeated_id
from tollgate.core.events.event import Events, Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.dictionary_column import DictionaryColumn, LazyTexts, join_columns
from tollgate.core.files.columns.quick_columns import reader_of
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.readers.blank_rows import say_blank_rows
from tollgate.core.files.readers.chunk import Chunk
from tollgate.core.times.clock_skew import SkewLimit


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
    return {row: first_row + first for row, first in find_repeated(codes).items()}


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
        kind, hashing = self._type, self._hashing
        columns = reader_of(kind, chunk, hashing, self._limit)
        read = columns.read()
        problems: dict[int, tuple[str, str]] = {row: ("", reason) for row, reason in chunk.misshapen.items()}
        for problem in columns.problems:
            problems.setdefault(problem.row, (problem.column, problem.message))
        say_blank_rows(kind, chunk, problems)
        problems |= self._repeated(read.ids, problems, chunk.first_row)
        places = np.flatnonzero(_without(problems, len(chunk)))
        if len(places) < len(chunk):
            read = read.take(places, {name: texts.take(places, hashing) for name, texts in read.texts.items()})
        keys = {
            entity: join_columns([read.texts[part] for part in parts], hashing)
            for entity, parts in kind.entities.items()
        }
        events = read.events(
            _texts_of_rows(read.ids, places),
            {name: read.texts[name].keys for name in kind.categorical},
            {entity: texts.keys for entity, texts in keys.items()},
        )
        ahead = columns.ahead
        return ChunkEvents(events, places, keys, problems, read.ids, len(ahead), self._clocks(ahead, problems))

    def _clocks(self, ahead: Sequence[int], problems: Mapping[int, tuple[str, str]]) -> Mapping[int, str]:
        if self._limit is None or not self._limit.as_of_now:
            return {}
        return dict.fromkeys((row for row in ahead if row not in problems), self._limit.used)

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
