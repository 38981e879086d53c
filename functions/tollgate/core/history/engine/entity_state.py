"""Sums that a file adds to the histories of one entity, kept key by key between its chunks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from tollgate.core.events.event import Floats, Ints
from tollgate.core.history.engine.arrivals import ChunkTimes, last_step_before
from tollgate.core.history.engine.entity_chunk import EntityChunk, Left
from tollgate.core.history.engine.lines import Line
from tollgate.core.history.engine.row_store import MemoryBudget, RowStore
from tollgate.core.history.exact_sums import LIMB_BITS, Limbs
from tollgate.core.history.latest_addition import latest_name
from tollgate.core.history.plan import UNITS, HistoryPlan, find_epochs, weigh
from tollgate.core.history.stored_names import OPEN, attribute

# A file tells no labels: frauds are read and never added.
OF_LABELS: Final = ("f", "v")


class EntitySums:
    """The sums of one entity's keys, by number: those of its last event's epoch and of the one before.

    A row holds the time as of which the last event was read, which is that of the latest addition, 2 · c sums, and how
    many events are still open, by the remainder of their step. Where one limb does not hold the sums, ``_high`` has the
    upper ones.
    """

    def __init__(self, plan: HistoryPlan, entity: str, folder: Path, memory: MemoryBudget) -> None:
        self._plan = plan
        self._sums = plan.sums[entity]
        self._kept = [s for s in plan.sums[entity] if s.kind not in OF_LABELS]
        maturing = plan.maturing if plan.matures(entity) else None
        self._step_s = maturing.step_s if maturing else 0.0
        self._ring = int(np.ceil(maturing.delay_s / maturing.step_s)) + 2 if maturing else 0
        self.low = RowStore(folder / f"{entity}.sums", 1 + 2 * len(self._kept) + self._ring, memory)
        self.high = RowStore(folder / f"{entity}.high", 2 * len(self._kept), memory)

    def open(
        self, numbers: Ints, stored_us: Ints, line: Line, times: ChunkTimes, of_parent: ChunkTimes | None
    ) -> EntityChunk:
        """Return the chunk of a file that has the keys with these numbers, shape (u,).

        The last ones are new: ``stored_us`` are the times of the latest additions that are stored of them.
        ``of_parent`` are the moments as of which the events read the entity's parent, None where these are their own.
        """
        c = len(self._kept)
        columns = self.low.read(numbers)
        as_of = of_parent or times
        first_us = as_of.times_us[line.rows[line.starts]]
        new = slice(len(numbers) - len(stored_us), None)
        columns[0, new] = np.maximum(first_us[new], stored_us)
        high = self.high.read(numbers) if self.high.count else np.zeros((), dtype=np.int64)
        left = Left(columns[0], Limbs(high, columns[1 : 1 + 2 * c]), columns[1 + 2 * c :])
        if (first_us < left.last_us).any():
            times_us = as_of.times_us.copy()
            times_us[line.rows] = np.maximum(times_us[line.rows], left.last_us[line.keys])
            as_of = times.as_of(times_us)
        return EntityChunk(self._plan, self._sums, self._kept, left, line, None if as_of is times else as_of)

    def keep(self, numbers: Ints, left: Left) -> None:
        """Keep what a chunk left of the keys with these numbers."""
        self.low.write(numbers, [left.last_us, *left.sums.low, *left.ring])
        if left.sums.high.ndim:
            self.high.write(numbers, left.sums.high)

    def withhold(self, numbers: Ints, times_us: Ints) -> None:
        """Take back that events of these times, of the keys with these numbers, are open, or that they have matured."""
        assert self._plan.maturing is not None
        keys, places = np.unique(numbers, return_inverse=True)
        columns = self.low.read(keys)
        steps = self._plan.maturing.steps(times_us / 1e6)
        still = steps > last_step_before(columns[0], self._step_s)[places]
        ring = columns[1 + 2 * len(self._kept) :]
        np.subtract.at(ring, (steps[still] % self._ring, places[still]), 1)
        matured = np.flatnonzero(~still)
        if len(matured):
            moments_s = steps[matured] * np.float64(self._step_s)
            self._take_back(columns, places[matured], moments_s)
        self.low.write(keys, columns)

    def _take_back(self, columns: Ints, places: Ints, moments_s: Floats) -> None:
        """Take events that matured at these moments out of the kept sums; a low limb may fall below zero."""
        for row, s in enumerate(self._kept):
            if s.kind != "l":
                continue
            half_life_s = self._plan.half_lives_s[s.half_life]
            epochs, weights = weigh(moments_s, half_life_s)
            worth = np.rint(weights * UNITS["l"]).astype(np.int64)
            ago = find_epochs(columns[0] / 1e6, half_life_s)[places] - epochs
            for back, kept in ((0, row), (1, len(self._kept) + row)):
                np.subtract.at(columns[1 + kept], places[ago == back], worth[ago == back])

    def walk(self) -> Iterator[dict[str, int]]:
        """Yield what the file adds to the history of each key, by stored name, in the order of their numbers."""
        for first, columns in self.low.walk():
            numbers = np.arange(first, first + columns.shape[1])
            high = self.high.read(numbers) if self.high.count else None
            for place, row in enumerate(columns.T.tolist()):
                yield self._named(row, high[:, place].tolist() if high is not None else None)

    def _named(self, row: list[int], high: list[int] | None) -> dict[str, int]:
        c = len(self._kept)
        time_s = np.array([row[0] / 1e6])
        epochs = [int(find_epochs(time_s, half_life_s)[0]) for half_life_s in self._plan.half_lives_s]
        numbers = row[1 : 1 + 2 * c]
        if high is not None:
            numbers = [low + (upper << LIMB_BITS) for low, upper in zip(numbers, high, strict=True)]
        sums = {
            attribute(s.kind, s.half_life, epochs[s.half_life] - ago): numbers[ago * c + place]
            for ago in (0, 1)
            for place, s in enumerate(self._kept)
        }
        if self._ring:
            first = int(last_step_before(np.array([row[0]]), self._step_s)[0]) + 1
            for step in range(first, first + self._ring):
                sums[attribute(OPEN, 0, step)] = row[1 + 2 * c + step % self._ring]
        kept = {name: number for name, number in sums.items() if number}
        return {**kept, latest_name(row[0]): 1} if kept else {}
