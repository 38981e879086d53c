"""Hash index in memory: from the hashes of keys to their numbers; with it, the ids that a file repeats."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.core.files.columns.dictionary_column import DictionaryColumn
from tollgate.core.files.history.key_hashes import Hashes
from tollgate.core.history.engine.row_store import MemoryBudget

UNKNOWN = -1
_EMPTY = np.uint64(0)
_FEWEST_PLACES = 1 << 14
# More than this share of the places would make for long ways.
_FILLED = 0.625
_PLACE_BYTES = 12


class KeyIndex:
    """Hashes → numbers, by open addressing: a hash stands at the first free place from the one that it names."""

    def __init__(self, memory: MemoryBudget) -> None:
        self._memory = memory
        self._count = 0
        self._hashes: Hashes = np.zeros(0, dtype=np.uint64)
        self._resize(_FEWEST_PLACES)

    def find(self, hashes: Hashes) -> Ints:
        """Return the number of each hash, `UNKNOWN` for those that were never added; shape (n,)."""
        asked = _filled(hashes)
        found = np.full(len(asked), UNKNOWN, dtype=np.int64)
        left, places = np.arange(len(asked)), self._first_places(asked)
        while len(left):
            there = self._hashes.take(places)
            hits = there == asked.take(left)
            found[left[hits]] = self._numbers.take(places[hits])
            further = np.flatnonzero(~hits & (there != _EMPTY))
            left, places = left.take(further), (places.take(further) + 1) & self._mask
        return found

    def add(self, hashes: Hashes, numbers: Ints) -> None:
        """Add distinct hashes that are not there yet; raise `TooManyKeysError` where memory does not hold them."""
        needed = self._count + len(hashes)
        if needed > _FILLED * (self._mask + 1):
            known, its = self.items()
            self._resize(1 << int(np.ceil(np.log2(needed / _FILLED))))
            self._put(known, its)
        self._put(_filled(hashes), numbers)
        self._count = needed

    def items(self) -> tuple[Hashes, Ints]:
        """Return all hashes, in their order, and their numbers."""
        held = np.flatnonzero(self._hashes != _EMPTY)
        held = held[np.argsort(self._hashes[held])]
        return self._hashes[held], self._numbers[held].astype(np.int64)

    def save(self, folder: Path, name: str) -> None:
        """Write everything into files."""
        hashes, numbers = self.items()
        hashes.tofile(folder / f"{name}.hashes")
        numbers.astype(np.uint32).tofile(folder / f"{name}.numbers")

    def load(self, folder: Path, name: str) -> None:
        """Take up what `save` wrote, if anything."""
        if (folder / f"{name}.hashes").exists():
            numbers = np.fromfile(folder / f"{name}.numbers", dtype=np.uint32)
            self.add(np.fromfile(folder / f"{name}.hashes", dtype=np.uint64), numbers.astype(np.int64))

    def _put(self, hashes: Hashes, numbers: Ints) -> None:
        left, places = np.arange(len(hashes)), self._first_places(hashes)
        while len(left):
            free = np.flatnonzero(self._hashes.take(places) == _EMPTY)
            # Of several that come to the same free place, one stays, and the others go on.
            self._hashes[places[free]] = hashes[left[free]]
            stays = self._hashes.take(places) == hashes.take(left)
            self._numbers[places[stays]] = numbers[left[stays]]
            further = np.flatnonzero(~stays)
            left, places = left.take(further), (places.take(further) + 1) & self._mask

    def _first_places(self, hashes: Hashes) -> Ints:
        return (hashes & np.uint64(self._mask)).astype(np.int64)

    def _resize(self, places: int) -> None:
        self._memory.take((places - len(self._hashes)) * _PLACE_BYTES)
        self._mask = places - 1
        self._hashes = np.zeros(places, dtype=np.uint64)
        self._numbers = np.zeros(places, dtype=np.uint32)


def _filled(hashes: Hashes) -> Hashes:
    """Return the hashes, none of which is the one that marks a free place."""
    return np.maximum(hashes, np.uint64(1))


class SeenIds:
    """The ids that rows took so far, by their hashes: those of rows that are decided on."""

    def __init__(self, memory: MemoryBudget) -> None:
        self._rows = KeyIndex(memory)

    def find_repeated(self, ids: DictionaryColumn, codes: Ints, first_row: int) -> Mapping[int, int]:
        """Return which rows of a chunk repeat an id, by their place, and which row had it first; add the others.

        ``codes``, shape (n,), say which of the ids each row would take: -1 for those that take none.
        """
        taking = np.flatnonzero(codes >= 0)
        if not len(taking):
            return {}
        taken, first, which = np.unique(codes[taking], return_index=True, return_inverse=True)
        firsts = first_row + taking[first]
        hashes = ids.hashes[taken]
        known = self._rows.find(hashes)
        new = known == UNKNOWN
        self._rows.add(hashes[new], firsts[new])
        known[new] = firsts[new]
        earlier = known[which]
        repeated = np.flatnonzero(earlier != first_row + taking)
        return dict(zip(taking[repeated].tolist(), earlier[repeated].tolist(), strict=True))

    def save(self, folder: Path) -> None:
        """Write everything into files."""
        self._rows.save(folder, "ids")

    def load(self, folder: Path) -> None:
        """Take up what `save` wrote."""
        self._rows.load(folder, "ids")
