"""Histories of one entity in a file: its keys, what was stored of them, what the file adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.core.files.columns.dictionary_column import DictionaryColumn
from tollgate.core.files.history.key_index import UNKNOWN
from tollgate.core.files.history.known_keys import KnownKeys
from tollgate.core.history.engine.arrivals import ChunkTimes
from tollgate.core.history.engine.entity_chunk import EntityChunk, Left
from tollgate.core.history.engine.entity_state import EntitySums
from tollgate.core.history.engine.lines import Line
from tollgate.core.history.engine.row_store import MemoryBudget, RowStore
from tollgate.core.history.engine.stored_entries import Entries, StoredEntries, no_entries
from tollgate.core.history.latest_addition import latest_us
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.stored import StoredSums

_BEFORE_ALL = np.iinfo(np.int64).min


class EntityHistories:
    """What is known of an entity's keys. For each chunk `find`, `meet`, `open` and `keep` are called in this order."""

    def __init__(self, plan: HistoryPlan, entity: str, folder: Path, memory: MemoryBudget) -> None:
        self._keys = KnownKeys(folder, entity)
        self._sums = EntitySums(plan, entity, folder, memory)
        self._stored = StoredEntries(folder / f"{entity}.stored", plan.sums[entity], len(plan.half_lives_s), memory)
        # Where the stored entries of each key begin, and how many there are.
        self._where = RowStore(folder / f"{entity}.where", 2, memory)
        self._numbers: Ints = np.empty(0, dtype=np.int64)
        # The number of each key of the chunk, in the order of its texts.
        self.numbers = self._numbers
        self._new = self._numbers
        # The latest addition that is stored of each new key, in microseconds since 1970.
        self._stored_us = self._numbers
        self._ranks = self._numbers

    def find(self, texts: DictionaryColumn) -> Ints:
        """Look the keys of a chunk up; return the places of those that are new."""
        self._numbers = self._keys.find(texts.hashes)
        self._new = np.flatnonzero(self._numbers == UNKNOWN)
        return self._new

    def name_new(self, texts: DictionaryColumn) -> list[str]:
        """Return the keys that `find` found to be new."""
        named: list[str] = texts.values.arrow.take(self._new).to_pylist()
        return named

    def meet(self, texts: DictionaryColumn, stored: Mapping[str, StoredSums]) -> None:
        """Number the new keys, and keep what is stored of some of them."""
        self._stored_us = np.full(len(self._new), _BEFORE_ALL)
        if stored:
            named = list(zip(self._new.tolist(), self.name_new(texts), strict=True))
            held = [(place, stored[key]) for place, key in named if key in stored]
            latest = [latest_us(stored[key]) if key in stored else None for _, key in named]
            self._stored_us = np.array([_BEFORE_ALL if one is None else one for one in latest], dtype=np.int64)
        numbers = self._keys.meet(self._numbers, texts.hashes, texts.values.arrow)
        if stored and held:
            starts, sizes = self._stored.append([sums for _, sums in held])
            self._where.write(numbers[[place for place, _ in held]], np.stack([starts, sizes]))
        self.numbers = numbers
        # In order of their numbers, what is kept of them is read and written from front to back.
        order = np.argsort(numbers)
        self._numbers, self._ranks = numbers[order], np.full(len(order) + 1, -1)
        self._ranks[order] = np.arange(len(order))

    def open(self, texts: DictionaryColumn, times: ChunkTimes, of_parent: ChunkTimes | None = None) -> EntityChunk:
        """Return the chunk, with what was kept of its keys.

        ``of_parent`` are the moments as of which the events read the entity's parent, None where these are their own.
        """
        line = Line.of(self._ranks[texts.codes], times.arrival)
        return self._sums.open(self._numbers, self._stored_us, line, times, of_parent)

    def stored(self) -> Entries:
        """Return what was stored of the keys of the chunk."""
        if not self._where.count:
            return no_entries()
        where = self._where.read(self._numbers)
        held = np.flatnonzero(where[1])
        return self._stored.read(held, *where[:, held])

    def keep(self, left: Left) -> None:
        """Keep what the chunk leaves."""
        self._sums.keep(self._numbers, left)

    def withhold(self, numbers: Ints, times_us: Ints) -> None:
        """Take back that events of these times, of the keys with these numbers, are to become legitimate."""
        self._sums.withhold(numbers, times_us)

    def additions(self) -> Iterator[tuple[str, Mapping[str, int]]]:
        """Yield each key and what the file adds to its history, by stored name."""
        for key, sums in zip(self._keys.walk(), self._sums.walk(), strict=True):
            if sums:
                yield key, sums

    def save(self) -> list[int]:
        """Leave everything in files; return the counts that `load` needs."""
        self._keys.save()
        for store in self._stores:
            store.save()
        return [self._keys.count, *(store.count for store in self._stores)]

    def load(self, counts: Sequence[int]) -> None:
        """Take up what `save` left."""
        self._keys.count = counts[0]
        for store, count in zip(self._stores, counts[1:], strict=True):
            store.load(count)

    @property
    def _stores(self) -> tuple[RowStore, ...]:
        return self._sums.low, self._sums.high, self._stored.row_store, self._where
