"""Histories of all entities of a file, chunk after chunk: stored ones, and what the file itself adds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from tollgate.core.events.event import Events, Ints
from tollgate.core.files.columns.dictionary_column import DictionaryColumn
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.history.key_index import UNKNOWN, KeyIndex
from tollgate.core.files.notes.unknown_keys import EntityKeys
from tollgate.core.history.engine.arrivals import Arrivals
from tollgate.core.history.engine.engine import ChunkReads, HistoryEngine
from tollgate.core.history.engine.entity_state import ChunkKeys
from tollgate.core.history.engine.row_store import MemoryBudget, RowStore
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.stored import StoredHistories, StoredSums

# Entity → the keys that are met for the first time → what is stored of each that has a history.
ReadStored = Callable[[Mapping[str, Sequence[str]]], Mapping[str, Mapping[str, StoredSums]]]
_READ_KEYS = 4096
_BLOCK_ROWS, _BLOCKS_AT_ONCE = 250, 64
_COUNTS = "histories.json"
_KEYS = "unknown_keys.json"
_MULTIPLIERS = "multipliers"


def nothing_stored(_keys: Mapping[str, Sequence[str]]) -> Mapping[str, Mapping[str, StoredSums]]:
    """Say that no key has a history."""
    return {}


def read_from(stored: StoredHistories) -> ReadStored:
    """Return what answers which of the asked keys have a history, and what is ``stored`` of them."""
    if not any(stored.values()):
        return nothing_stored
    return lambda asked: {
        entity: {key: stored[entity][key] for key in keys if key in stored.get(entity, {})}
        for entity, keys in asked.items()
    }


class FileHistories:
    """What is known of every key that a file has met: histories in ``memory``, the keys' texts in ``folder``."""

    def __init__(
        self,
        plan: HistoryPlan,
        folder: Path,
        read_stored: ReadStored = nothing_stored,
        memory: MemoryBudget | None = None,
    ) -> None:
        memory = memory or MemoryBudget()
        self._plan = plan
        self._folder = folder
        self._read_stored = read_stored
        self.hashing = KeyHashes()
        self._engine = HistoryEngine(plan, memory)
        self._known = {entity: _KnownKeys(folder, entity, memory) for entity in plan.sums}
        # How many of the keys met so far have a stored history, by entity.
        self.keys = {entity: EntityKeys() for entity in plan.sums}

    def read(self, events: Events, texts: Mapping[str, DictionaryColumn]) -> ChunkReads:
        """Return what the events of the next chunk read, in order of time, and keep what they add.

        ``texts`` has the keys of each entity. Raises `TooManyKeysError` where memory does not hold them.
        """
        found = {entity: known.find(texts[entity]) for entity, known in self._known.items()}
        stored = self._find_stored(texts, {entity: new for entity, (_, new) in found.items()})
        met = {
            entity: known.meet(texts[entity], *found[entity], stored.get(entity, {}))
            for entity, known in self._known.items()
        }
        return self._engine.read(Arrivals(self._plan, events), met)

    def _find_stored(
        self, texts: Mapping[str, DictionaryColumn], new: Mapping[str, Ints]
    ) -> Mapping[str, Mapping[int, StoredSums]]:
        """Return what is stored of the new keys, by entity and the key's place."""
        if self._read_stored is nothing_stored or not any(len(places) for places in new.values()):
            return {}
        named: dict[str, list[str]] = {
            entity: texts[entity].values.arrow.take(pa.array(places)).to_pylist() for entity, places in new.items()
        }
        stored = self._read_stored(named)
        found: dict[str, dict[int, StoredSums]] = {}
        for entity, keys in named.items():
            its = stored.get(entity, {})
            self.keys[entity].add(keys, its)
            found[entity] = {
                place: its[key] for place, key in zip(new[entity].tolist(), keys, strict=True) if key in its
            }
        return found

    def withhold(self, events: Events, texts: Mapping[str, DictionaryColumn], reads: ChunkReads, rows: Ints) -> None:
        """Take back that some events of a chunk become legitimate: they were not let through. They read ``reads``."""
        for entity, numbers in reads.numbers.items():
            codes = texts[entity].codes[rows]
            held = np.flatnonzero(codes >= 0)
            if len(held):
                self._engine.states[entity].withhold(numbers[codes[held]], events.times_us[rows[held]])

    def find_known(self, entity: str, keys: Sequence[str]) -> Sequence[str]:
        """Return which keys of an entity have a stored history."""
        return list(self._read_stored({entity: keys}).get(entity, {}))

    def save(self) -> None:
        """Leave in the folder what `load` needs."""
        self.hashing.multipliers.tofile(self._folder / _MULTIPLIERS)
        counts = {}
        for entity, known in self._known.items():
            known.save()
            stores = self._engine.states[entity].stores
            for name, store in stores.items():
                save_store(self._folder / f"{entity}.{name}", store)
            counts[entity] = [known.count, *(store.count for store in stores.values())]
        (self._folder / _COUNTS).write_text(json.dumps(counts))
        (self._folder / _KEYS).write_text(json.dumps({entity: vars(its) for entity, its in self.keys.items()}))

    def load(self) -> None:
        """Take up what `save` left in the folder."""
        self.hashing = KeyHashes(np.fromfile(self._folder / _MULTIPLIERS, dtype=np.uint64).reshape(2, -1))
        counts = json.loads((self._folder / _COUNTS).read_text())
        for entity, (keys, *rows) in counts.items():
            self._known[entity].load(keys)
            for (name, store), count in zip(self._engine.states[entity].stores.items(), rows, strict=True):
                load_store(self._folder / f"{entity}.{name}", store, count)
        if (self._folder / _KEYS).exists():  # not in a checkpoint of before
            for entity, its in json.loads((self._folder / _KEYS).read_text()).items():
                self.keys[entity] = EntityKeys(**its)

    def additions(self) -> Iterator[tuple[str, str, Mapping[str, int]]]:
        """Yield entity, key and what the file adds to its history, by stored name, in the order of meeting."""
        for entity, known in self._known.items():
            for key, sums in zip(known.walk(), self._engine.additions(entity), strict=True):
                if sums:
                    yield entity, key, sums


class _KnownKeys:
    """Numbers by hash, in memory; the keys themselves, one after the other, in files in the order of their numbers."""

    def __init__(self, folder: Path, entity: str, memory: MemoryBudget) -> None:
        self._index = KeyIndex(memory)
        self._entity = entity
        self._folder = folder
        self._files = (folder / f"{entity}.keys", folder / f"{entity}.lengths")
        self.count = 0

    def find(self, texts: DictionaryColumn) -> tuple[Ints, Ints]:
        """Return the numbers of the keys of a chunk, `UNKNOWN` for new ones, shape (u,), and the places of the new."""
        numbers = self._index.find(texts.hashes)
        return numbers, np.flatnonzero(numbers == UNKNOWN)

    def meet(self, texts: DictionaryColumn, numbers: Ints, new: Ints, stored: Mapping[int, StoredSums]) -> ChunkKeys:
        """Number the new keys that `find` found; ``stored`` is what is stored of some, by their places."""
        numbers[new] = np.arange(self.count, self.count + len(new))
        self._index.add(texts.hashes[new], numbers[new])
        self.count += len(new)
        _, offsets, data = texts.values.arrow.take(pa.array(new)).buffers()
        ends = np.frombuffer(offsets or bytes(4), dtype=np.int32)[: len(new) + 1]
        with self._files[0].open("ab") as keys, self._files[1].open("ab") as lengths:
            keys.write(memoryview(data or b"")[: ends[-1]])
            np.diff(ends).astype(np.uint16).tofile(lengths)
        return ChunkKeys(texts.codes, numbers, new, stored)

    def walk(self) -> Iterator[str]:
        """Yield the keys in the order of their numbers."""
        if not self.count:
            return
        with self._files[0].open("rb") as keys, self._files[1].open("rb") as lengths:
            while len(some := np.fromfile(lengths, dtype=np.uint16, count=_READ_KEYS)):
                for length in some.tolist():
                    yield keys.read(length).decode()

    def save(self) -> None:
        """Leave everything in the files."""
        self._index.save(self._folder, self._entity)

    def load(self, count: int) -> None:
        """Take up the ``count`` keys that `save` left."""
        self._index.load(self._folder, self._entity)
        self.count = count


def save_store(path: Path, store: RowStore) -> None:
    """Write all rows in blocks, within each of which they lie column by column."""
    with path.with_name(f"{path.name}.columns").open("wb") as file:
        for _, columns in store.walk(_BLOCK_ROWS * _BLOCKS_AT_ONCE):
            blocks = -(-columns.shape[1] // _BLOCK_ROWS)
            padded = np.zeros((store.width, blocks * _BLOCK_ROWS), dtype=np.int64)
            padded[:, : columns.shape[1]] = columns
            padded.reshape(store.width, blocks, _BLOCK_ROWS).transpose(1, 0, 2).tofile(file)


def load_store(path: Path, store: RowStore, count: int) -> None:
    """Take up ``count`` rows that `save_store` wrote; those behind them that older code kept row by row."""
    first, block = 0, store.width * _BLOCK_ROWS
    with path.with_name(f"{path.name}.columns").open("rb") as file:
        while len(cells := np.fromfile(file, dtype=np.int64, count=block * _BLOCKS_AT_ONCE)):
            columns = cells.reshape(-1, store.width, _BLOCK_ROWS).transpose(1, 0, 2).reshape(store.width, -1)
            first = _put(store, first, columns, count)
    if path.exists():
        _put(store, first, np.fromfile(path, dtype=np.int64).reshape(-1, store.width).T, count)


def _put(store: RowStore, first: int, columns: Ints, count: int) -> int:
    """Write the rows from ``first`` on, of which there are ``count``; return where the next ones begin."""
    kept = columns[:, : max(count - first, 0)]
    store.write(np.arange(first, first + kept.shape[1]), kept)
    behind: int = first + columns.shape[1]
    return behind
