"""Hash index on disk, from key to number, for more keys than memory holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Ints
from tollgate.core.files.history.key_hashes import Hashes

Numbers = npt.NDArray[np.uint32]

UNKNOWN = -1
_IN_MEMORY = 1 << 16
_READ_KEYS = 1 << 17


class KeyIndex:
    """Hashes → numbers. What was added last is sorted in memory, all before it in one sorted file beside it.

    A look-up reads the whole file, in order: for tens of thousands of keys that costs less than finding each.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._files = (folder / f"{name}.hashes", folder / f"{name}.numbers")
        self._hashes = np.empty(0, dtype=np.uint64)
        self._numbers = np.empty(0, dtype=np.uint32)

    def find(self, hashes: Hashes) -> Ints:
        """Return the number of each hash, `UNKNOWN` for those that were never added; shape (n,)."""
        order = np.argsort(hashes)
        asked = hashes[order]
        found = np.full(len(hashes), UNKNOWN, dtype=np.int64)
        _look_up(asked, self._hashes, self._numbers, found)
        for known, numbers in self._stored():
            first, last = np.searchsorted(asked, known[[0, -1]])
            part = slice(int(first), min(int(last) + 1, len(asked)))
            _look_up(asked[part], known, numbers, found[part])
        back = np.empty_like(found)
        back[order] = found
        return back

    def add(self, hashes: Hashes, numbers: Ints) -> None:
        """Add hashes that are not there yet."""
        order = np.argsort(hashes)
        places = np.searchsorted(self._hashes, hashes[order])
        self._hashes = np.insert(self._hashes, places, hashes[order])
        self._numbers = np.insert(self._numbers, places, numbers[order].astype(np.uint32))
        if len(self._hashes) > _IN_MEMORY:
            self._merge()

    def save(self) -> None:
        """Leave everything in the files."""
        self._merge()

    def _stored(self) -> Iterator[tuple[Hashes, Numbers]]:
        if not self._files[0].exists():
            return
        with self._files[0].open("rb") as hashes, self._files[1].open("rb") as numbers:
            while len(known := np.fromfile(hashes, dtype=np.uint64, count=_READ_KEYS)):
                yield known, np.fromfile(numbers, dtype=np.uint32, count=_READ_KEYS)

    def _merge(self) -> None:
        fresh = [file.with_name(f"{file.name}.new") for file in self._files]
        done = 0
        with fresh[0].open("wb") as hashes, fresh[1].open("wb") as numbers:
            for known, its in self._stored():
                upto = int(np.searchsorted(self._hashes, known[-1]))
                places = np.searchsorted(known, self._hashes[done:upto])
                np.insert(known, places, self._hashes[done:upto]).tofile(hashes)
                np.insert(its, places, self._numbers[done:upto]).tofile(numbers)
                done = upto
            self._hashes[done:].tofile(hashes)
            self._numbers[done:].tofile(numbers)
        for new, old in zip(fresh, self._files, strict=True):
            new.replace(old)
        self._hashes, self._numbers = self._hashes[:0].copy(), self._numbers[:0].copy()


def _look_up(asked: Hashes, known: Hashes, numbers: Numbers, found: Ints) -> None:
    """Put the numbers of sorted hashes into ``found`` where they are among the sorted ``known`` ones."""
    if not len(known) or not len(asked):
        return
    places = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    hits = known[places] == asked
    found[hits] = numbers[places[hits]]
