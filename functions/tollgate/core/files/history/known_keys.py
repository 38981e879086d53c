"""Known keys of one entity in a file, numbered in the order in which they came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from tollgate.core.events.event import Ints
from tollgate.core.files.columns.dictionary_column import DictionaryColumn
from tollgate.core.files.history.key_index import UNKNOWN, KeyIndex
from tollgate.core.history.engine.entity_state import ChunkKeys
from tollgate.core.history.engine.row_store import MemoryBudget
from tollgate.core.history.stored import StoredSums

_READ_KEYS = 4096


class KnownKeys:
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

    def meet(
        self, texts: DictionaryColumn, numbers: Ints, new: Ints, stored: Mapping[str, StoredSums] | None = None
    ) -> ChunkKeys:
        """Number the new keys that `find` found, some of which have ``stored`` histories."""
        found = {}
        if stored:
            named = zip(new.tolist(), name_keys(texts, new), strict=True)
            found = {place: stored[key] for place, key in named if key in stored}
        numbers[new] = np.arange(self.count, self.count + len(new))
        self._index.add(texts.hashes[new], numbers[new])
        self.count += len(new)
        _, offsets, data = texts.values.arrow.take(pa.array(new)).buffers()
        ends = np.frombuffer(offsets or bytes(4), dtype=np.int32)[: len(new) + 1]
        with self._files[0].open("ab") as keys, self._files[1].open("ab") as lengths:
            keys.write(memoryview(data or b"")[: ends[-1]])
            np.diff(ends).astype(np.uint16).tofile(lengths)
        return ChunkKeys(texts.codes, numbers, new, found)

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


def name_keys(texts: DictionaryColumn, places: Ints) -> list[str]:
    """Return the keys at some places."""
    named: list[str] = texts.values.arrow.take(pa.array(places)).to_pylist()
    return named
