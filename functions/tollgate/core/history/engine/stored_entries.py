"""Stored entries of the histories that events meet, as rows of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.core.history.engine.open_events import Steps
from tollgate.core.history.engine.row_store import MemoryBudget, RowStore
from tollgate.core.history.exact_sums import LIMB_BITS, Limbs, Runs
from tollgate.core.history.plan import Sum
from tollgate.core.history.stored import StoredSums
from tollgate.core.history.stored_names import OPEN, epoch_of

_EPOCHS = 1 << 32
_NO_EPOCH = 1 << 31


@dataclass(frozen=True)
class Entries:
    """Stored sums of keys of a chunk, in order of key, half-life and epoch: places of sums, and numbers in limbs."""

    keys: Ints
    half_lives: Ints
    epochs: Ints
    places: Ints
    numbers: Limbs

    def base(self, half_life: int, place: int, runs: Runs) -> tuple[Limbs, Limbs] | None:
        """Return what is stored of one sum for each run's epoch and for the one before, (r,); None for nothing."""
        if not len(self.keys):
            return None
        found = np.flatnonzero((self.half_lives == half_life) & (self.places == place))
        if not len(found):
            return None
        low = int(min(np.min(self.epochs[found]), np.min(runs.epochs))) - 1
        width = int(max(np.max(self.epochs[found]), np.max(runs.epochs))) - low + 3
        asked = runs.codes * width + (runs.epochs - low)
        bases = []
        for ago in (0, 1):
            wanted = self.keys[found] * width + (self.epochs[found] + ago - low)
            places = np.minimum(np.searchsorted(asked, wanted), len(asked) - 1)
            hits = np.flatnonzero(asked[places] == wanted)
            high, low_limb = np.zeros((2, len(asked)), dtype=np.int64)
            high[places[hits]] = self.numbers.high[found[hits]]
            low_limb[places[hits]] = self.numbers.low[found[hits]]
            bases.append(Limbs(high, low_limb))
        return bases[0], bases[1]

    def opened(self, half_lives: int, u: int) -> Steps:
        """Return the open events of u keys; they stand behind the sums of all half-lives."""
        found = np.flatnonzero(self.half_lives == half_lives)
        return Steps(u, self.keys[found], self.epochs[found], self.numbers.low[found])


class StoredEntries:
    """The stored sums of an entity's keys: appended when a key is met, read with each chunk that has it."""

    def __init__(self, sums: Sequence[Sum], half_lives: int, memory: MemoryBudget) -> None:
        self._places = {(s.kind, s.half_life): place for place, s in enumerate(sums)}
        self._half_lives = half_lives
        self.row_store = RowStore(3, memory)

    def append(self, histories: Sequence[StoredSums]) -> tuple[Ints, Ints]:
        """Keep histories; return where the rows of each begin and how many they are."""
        rows: list[tuple[int, int, int]] = []
        counts = []
        for sums in histories:
            before = len(rows)
            rows += sorted(self._row(name, number) for name, number in sums.items() if self._knows(name))
            counts.append(len(rows) - before)
        sizes = np.array(counts, dtype=np.int64)
        first = self.row_store.count
        starts = first + np.cumsum(sizes) - sizes
        self.row_store.write(np.arange(first, first + len(rows)), np.array(rows, dtype=np.int64).reshape(-1, 3).T)
        return starts, sizes

    def read(self, keys: Ints, starts: Ints, sizes: Ints) -> Entries:
        """Return what was kept at these places, for ``keys``, which rise."""
        numbers = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(int(sizes.sum()))
        where, *limbs = self.row_store.read(numbers)
        return Entries(
            keys=np.repeat(keys, sizes),
            half_lives=where >> 48,
            epochs=((where >> 16) & (_EPOCHS - 1)) - _NO_EPOCH,
            places=where & 0xFFFF,
            numbers=Limbs(*limbs),
        )

    def _knows(self, name: str) -> bool:
        return name[0] == OPEN or (name[0], epoch_of(name)[0]) in self._places

    def _row(self, name: str, number: int) -> tuple[int, int, int]:
        half_life, epoch = epoch_of(name)
        if name[0] == OPEN:
            return (self._half_lives << 48) | ((epoch + _NO_EPOCH) << 16), 0, number
        place = self._places[name[0], half_life]  # type: ignore[index]
        high, low = divmod(number, 1 << LIMB_BITS)
        return (half_life << 48) | ((epoch + _NO_EPOCH) << 16) | place, high, low


def no_entries() -> Entries:
    """Return nothing stored."""
    none = np.empty(0, dtype=np.int64)
    return Entries(none, none, none, none, Limbs(none, none))
