"""Known keys of one entity in a file, numbered in the order in which they came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from tollgate.core.events.event import Ints
from tollgate.core.files.history.key_hashes import Hashes
from tollgate.core.files.history.key_index import UNKNOWN, KeyIndex

_READ_KEYS = 4096


class KnownKeys:
    """Numbers by hash, and the keys themselves, one after the other, in files in the order of their numbers."""

    def __init__(self, folder: Path, entity: str, count: int = 0) -> None:
        self._index = KeyIndex(folder, entity)
        self._files = (folder / f"{entity}.keys", folder / f"{entity}.lengths")
        self.count = count

    def find(self, hashes: Hashes) -> Ints:
        """Return the numbers of keys, `UNKNOWN` for new ones, shape (u,)."""
        return self._index.find(hashes)

    def meet(self, numbers: Ints, hashes: Hashes, texts: pa.StringArray) -> Ints:
        """Return the numbers, with new ones for those that were `UNKNOWN`."""
        new = np.flatnonzero(numbers == UNKNOWN)
        numbers = numbers.copy()
        numbers[new] = np.arange(self.count, self.count + len(new))
        self._index.add(hashes[new], numbers[new])
        self.count += len(new)
        _, offsets, data = texts.take(pa.array(new)).buffers()
        ends = np.frombuffer(offsets or bytes(4), dtype=np.int32)[: len(new) + 1]
        with self._files[0].open("ab") as keys, self._files[1].open("ab") as lengths:
            keys.write(memoryview(data or b"")[: ends[-1]])
            np.diff(ends).astype(np.uint16).tofile(lengths)
        return numbers

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
        self._index.save()
