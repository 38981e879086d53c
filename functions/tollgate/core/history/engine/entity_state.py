"""State of one entity's histories: what is stored of each key that events met, and what these events added to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from tollgate.core.events.event import Floats, Ints
from tollgate.core.history.decay import find_epochs, weigh
from tollgate.core.history.engine.arrivals import Arrivals, Moments, last_step_before
from tollgate.core.history.engine.entity_chunk import EntityChunk, Left
from tollgate.core.history.engine.row_store import MemoryBudget, RowStore
from tollgate.core.history.engine.running_sums import Line
from tollgate.core.history.engine.stored_entries import Entries, StoredEntries, no_entries
from tollgate.core.history.exact_sums import LIMB_BITS, Limbs
from tollgate.core.history.latest_addition import latest_name, latest_us
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.stored import StoredSums
from tollgate.core.history.stored_names import OPEN, attribute
from tollgate.core.history.sum_kinds import SUM_RULES, UNITS, AddedBy, SumKind, kinds_by

_BEFORE_ALL = np.iinfo(np.int64).min


@dataclass(frozen=True)
class ChunkKeys:
    """Keys of an entity in a chunk: ``codes`` of its n events, -1 for none, and the ``numbers`` of the u keys, (u,).

    The keys at the places ``new`` were not met before; their numbers rise behind all others. ``stored`` maps places of
    new keys to what is stored of them.
    """

    codes: Ints
    numbers: Ints
    new: Ints
    stored: Mapping[int, StoredSums] = field(default_factory=dict)


class EntityState:
    """What is known of an entity's keys, by number. For each chunk `meet`, `open` and `keep` are called in this order.

    A row of ``_low`` holds the time as of which the key's last arrival was read, which is that of its latest addition,
    2 · c sums, those of that moment's epoch and of the one before, and how many events are still open, by the
    remainder of their step. Where one limb does not hold the sums, ``_high`` has the upper ones. Sums that only labels
    add to are kept ``with_labels``.
    """

    def __init__(self, plan: HistoryPlan, entity: str, memory: MemoryBudget, *, with_labels: bool = False) -> None:
        self._plan = plan
        self._sums = plan.sums[entity]
        self._has_labels = any(SUM_RULES[s.kind].by is not AddedBy.EVENT for s in self._sums)
        self._kept = [s for s in self._sums if with_labels or s.kind not in kinds_by(AddedBy.FRAUD)]
        maturing = plan.maturing if plan.matures(entity) else None
        self._step_s = maturing.step_s if maturing else 0.0
        self._ring = int(np.ceil(maturing.delay_s / maturing.step_s)) + 2 if maturing else 0
        self._low = RowStore(1 + 2 * len(self._kept) + self._ring, memory)
        self._high = RowStore(2 * len(self._kept), memory)
        self._stored = StoredEntries(self._sums, len(plan.half_lives_s), memory)
        # Where the stored entries of each key begin, and how many there are.
        self._where = RowStore(2, memory)
        self._numbers: Ints = np.empty(0, dtype=np.int64)
        self._codes = self._numbers
        # The latest addition that is stored of each new key, in microseconds since 1970.
        self._stored_us = self._numbers

    def meet(self, keys: ChunkKeys) -> None:
        """Begin a chunk: keep what is stored of its new keys."""
        self._stored_us = np.full(len(keys.new), _BEFORE_ALL)
        if keys.stored:
            latest = [latest_us(keys.stored.get(place, {})) for place in keys.new.tolist()]
            self._stored_us = np.array([_BEFORE_ALL if one is None else one for one in latest], dtype=np.int64)
            held = [place for place in keys.new.tolist() if place in keys.stored]
            starts, sizes = self._stored.append([keys.stored[place] for place in held])
            self._where.write(keys.numbers[held], np.stack([starts, sizes]))
        # In order of their numbers, what is kept of them is read and written from front to back.
        order = np.argsort(keys.numbers)
        self._numbers = keys.numbers[order]
        ranks = np.full(len(order) + 1, -1)
        ranks[order] = np.arange(len(order))
        self._codes = ranks[keys.codes]

    def open(self, arrivals: Arrivals, of_parent: Moments | None = None) -> EntityChunk:
        """Return the chunk, with what was kept of its keys.

        ``of_parent`` are the moments as of which the arrivals read the entity's parent, None where these are their own.
        """
        line = Line.of(arrivals.codes(self._codes, with_labels=self._has_labels), arrivals.order, arrivals.n)
        c = len(self._kept)
        columns = self._low.read(self._numbers)
        as_of = of_parent or arrivals
        first_us = as_of.times_us[line.rows[line.starts]]
        new = slice(len(self._numbers) - len(self._stored_us), None)
        columns[0, new] = np.maximum(first_us[new], self._stored_us)
        high = self._high.read(self._numbers) if self._high.count else np.zeros((), dtype=np.int64)
        left = Left(columns[0], Limbs(high, columns[1 : 1 + 2 * c]), columns[1 + 2 * c :])
        if (first_us < left.last_us).any():
            times_us = as_of.times_us.copy()
            times_us[line.rows] = np.maximum(times_us[line.rows], left.last_us[line.keys])
            as_of = Moments(self._plan, times_us)
        return EntityChunk(self._plan, self._sums, self._kept, left, line, None if as_of is arrivals else as_of)

    def stored(self) -> Entries:
        """Return what was stored of the keys of the chunk."""
        if not self._where.count:
            return no_entries()
        where = self._where.read(self._numbers)
        held = np.flatnonzero(where[1])
        return self._stored.read(held, *where[:, held])

    def keep(self, left: Left) -> None:
        """End a chunk: keep what it leaves."""
        self._low.write(self._numbers, [left.last_us, *left.sums.low, *left.ring])
        if left.sums.high.ndim:
            self._high.write(self._numbers, left.sums.high)

    def withhold(self, numbers: Ints, times_us: Ints) -> None:
        """Take back that events of these times, of the keys with these numbers, are open, or that they have matured."""
        assert self._plan.maturing is not None
        keys, places = np.unique(numbers, return_inverse=True)
        columns = self._low.read(keys)
        steps = self._plan.maturing.steps(times_us / 1e6)
        still = steps > last_step_before(columns[0], self._step_s)[places]
        ring = columns[1 + 2 * len(self._kept) :]
        np.subtract.at(ring, (steps[still] % self._ring, places[still]), 1)
        matured = np.flatnonzero(~still)
        if len(matured):
            moments_s = steps[matured] * np.float64(self._step_s)
            self._take_back(columns, places[matured], moments_s)
        self._low.write(keys, columns)

    def _take_back(self, columns: Ints, places: Ints, moments_s: Floats) -> None:
        """Take events that matured at these moments out of the kept sums; a low limb may fall below zero."""
        for row, s in enumerate(self._kept):
            if s.kind is not SumKind.LEGITIMATE:
                continue
            half_life_s = self._plan.half_lives_s[s.half_life]
            epochs, weights = weigh(moments_s, half_life_s)
            worth = np.rint(weights * UNITS[SumKind.LEGITIMATE]).astype(np.int64)
            ago = find_epochs(columns[0] / 1e6, half_life_s)[places] - epochs
            for back, kept in ((0, row), (1, len(self._kept) + row)):
                np.subtract.at(columns[1 + kept], places[ago == back], worth[ago == back])

    def additions(self) -> Iterator[dict[str, int]]:
        """Yield what was added to the history of each key, by stored name, in the order of their numbers."""
        for first, columns in self._low.walk():
            numbers = np.arange(first, first + columns.shape[1])
            high = self._high.read(numbers) if self._high.count else None
            for place, row in enumerate(columns.T.tolist()):
                yield self._name(row, high[:, place].tolist() if high is not None else None)

    def _name(self, row: list[int], high: list[int] | None) -> dict[str, int]:
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

    @property
    def stores(self) -> Mapping[str, RowStore]:
        """All that is kept between chunks, by the names under which checkpoints have it."""
        return {"sums": self._low, "high": self._high, "stored": self._stored.row_store, "where": self._where}
