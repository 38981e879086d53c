"""Running sums before each arrival of a chunk, key by key, on top of what earlier chunks left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats, Ints
from tollgate.core.history.engine.arrivals import ONE_LIMB, Added
from tollgate.core.history.exact_sums import LIMB_BITS, Limbs, Runs


@dataclass(frozen=True)
class Line:
    """Arrivals of u keys that follow each other: the row of each and the place of its key, and where keys begin.

    Rows below ``n`` are those of events, the others of labels.
    """

    rows: Ints
    keys: Ints
    starts: Ints
    n: int

    @classmethod
    def of(cls, codes: Ints, arrival: Ints, n: int) -> Line:
        """Sort the arrivals whose code is not -1; every code below the highest one has at least one."""
        bits = max(int(len(codes) - 1).bit_length(), 1)
        joined = np.sort((codes << bits) | arrival)
        joined = joined[np.searchsorted(joined, 0) :]
        keys, ranks = joined >> bits, joined & ((1 << bits) - 1)
        rows = ranks
        if len(codes) and not np.array_equal(arrival, np.arange(len(codes))):
            by_rank = np.empty(len(codes), dtype=np.int64)
            by_rank[arrival] = np.arange(len(codes))
            rows = by_rank[ranks]
        return cls(rows, keys, np.flatnonzero(np.diff(keys, prepend=-1)), n)

    @cached_property
    def _has_labels(self) -> bool:
        return bool(len(self.rows)) and int(np.max(self.rows)) >= self.n

    @cached_property
    def is_whole(self) -> bool:
        """Whether it holds all n events, and nothing else."""
        return len(self.rows) == self.n and not self._has_labels

    @cached_property
    def events(self) -> Ints | slice:
        """Where in the line the events are."""
        return np.flatnonzero(self.rows < self.n) if self._has_labels else slice(None)

    @cached_property
    def last(self) -> Ints:
        """The place of the last arrival of each key, shape (u,)."""
        return np.append(self.starts[1:], len(self.keys)) - 1

    @cached_property
    def most(self) -> int:
        """How many arrivals the busiest key has."""
        return int(np.diff(self.starts, append=len(self.keys)).max(initial=0))

    @cached_property
    def places(self) -> Ints:
        """Where in the line each event is, if it is whole."""
        places = np.empty(len(self.rows), dtype=np.int64)
        places[self.rows] = np.arange(len(self.rows))
        return places


@dataclass(frozen=True)
class Passed:
    """What m events read of a sum, before each of them, (m,), and of the epoch before, (r,); what is left of u keys.

    Where events are late, what they read of the epoch before is of each event too, (m,).
    """

    current: Limbs
    older: Limbs
    left: Limbs
    left_older: Limbs


class RunsOnKept:
    """The runs of a line, r of them, over one half-life, on top of what is kept of its u keys.

    ``kept_epochs`` are those as of which the keys' last events so far were read: no run comes before them. Places of
    kept sums are looked up once, for all sums.
    """

    def __init__(self, line: Line, epochs: Ints, kept_epochs: Ints) -> None:
        self.runs = Runs.of(line.keys, epochs[line.rows])
        self.kept_epochs = kept_epochs
        self._most = line.most
        self._rows = line.rows
        self._u = len(kept_epochs)

    @cached_property
    def ago(self) -> Ints:
        """By how many epochs each run comes after what is kept of its key, negative."""
        return self.kept_epochs[self.runs.codes] - self.runs.epochs

    @cached_property
    def last(self) -> Ints:
        """The last run of each key."""
        return np.append(np.flatnonzero(np.diff(self.runs.codes)), len(self.runs.codes) - 1)

    @cached_property
    def latest(self) -> Ints:
        """The epoch of each key's last event behind this chunk."""
        return self.runs.epochs[self.last]

    @cached_property
    def plain(self) -> bool:
        """Whether every key has one run, in the epoch that is kept of it."""
        return len(self.runs.codes) == self._u and not self.ago.any()

    @cached_property
    def _stays(self) -> npt.NDArray[np.bool_]:
        stays: npt.NDArray[np.bool_] = self.latest == self.kept_epochs
        return stays

    @cached_property
    def _bounds(self) -> Ints:
        return np.append(self.runs.starts, len(self._rows))

    @cached_property
    def _followers(self) -> Ints:
        return np.flatnonzero(self.runs.follows)

    @cached_property
    def _places(self) -> tuple[Ints, Ints]:
        """Where each run finds its own epoch and the one before among: kept sums, older ones, and nothing."""
        key, ago, nothing = self.runs.codes, self.ago, 2 * self._u
        return np.where(ago == 0, key, nothing), np.where(ago == 0, self._u + key, np.where(ago == -1, key, nothing))

    def base(self, current: Ints, older: Ints) -> tuple[Ints, Ints]:
        """Return one limb of what is kept for the epoch of each run, and for the one before, (r,)."""
        if self.plain:
            return current, older
        kept = np.concatenate([current, older, np.zeros(1, dtype=np.int64)])
        return kept.take(self._places[0]), kept.take(self._places[1])

    def read(self, current: Limbs, older: Limbs) -> tuple[Limbs, Limbs]:
        """Return what is kept for the epoch of each run, and for the one before, (r,), where nothing is added."""
        low, low_older = self.base(current.low, older.low)
        if current.high.ndim == 0 and older.high.ndim == 0:
            return Limbs.small(low), Limbs.small(low_older)
        high, high_older = self.base(*(np.broadcast_to(limbs.high, self._u) for limbs in (current, older)))
        return Limbs(high, low), Limbs(high_older, low_older)

    def move(self, current: Limbs, older: Limbs) -> tuple[Limbs, Limbs]:
        """Return what is kept for the latest epoch of each key and for the one before, (u,), where nothing is added."""
        if self._stays.all():
            return current, older
        moves = self.latest == self.kept_epochs + 1
        return _where(self._stays, current), _where(self._stays, older) + _where(moves, current)

    def spread(self, older: Floats) -> Floats:
        """Return for each arrival what is given for each run, or for each arrival already."""
        return older if len(older) == len(self._rows) else older.take(self.runs.number)

    def add_older(self, one: Limbs, other: Limbs) -> Limbs:
        """Add sums of the epoch before: each is given for runs, (r,), or for arrivals, (m,)."""
        if len(one.low) == len(other.low):
            return one + other
        return self._widen(one) + self._widen(other)

    def _widen(self, limbs: Limbs) -> Limbs:
        return limbs if len(limbs.low) == len(self._rows) else limbs.take(self.runs.number)

    def add(self, added: Added, current: Limbs, older: Limbs, largest_kept: float) -> Passed:
        """Add what the events add to a sum that is kept; none of all numbers kept is larger than ``largest_kept``."""
        one_limb = current.high.ndim == 0 and older.high.ndim == 0
        if added.small is not None and one_limb and added.largest * self._most + largest_kept < ONE_LIMB:
            return Passed(*map(Limbs.small, self._add(added.small.take(self._rows), current.low, older.low)))
        numbers = Limbs.of(added.numbers.take(self._rows))
        kept_high = [np.broadcast_to(limbs.high, self._u) for limbs in (current, older)]
        lows = self._add(numbers.low, current.low, older.low)
        highs = self._add(numbers.high, *kept_high)
        both = [Limbs(high, low) for high, low in zip(highs, lows, strict=True)]
        # What is kept may be read as it is, and is about to be settled in its place.
        read_older = Limbs(both[1].high.copy(), both[1].low.copy())
        return Passed(both[0], read_older, _settle(both[2]), _settle(both[3]))

    def add_late(self, added: Added, ago: Ints, current: Limbs, older: Limbs, largest_kept: float) -> Passed:
        """Do as `add` where events, (n,), have dates that lie ``ago`` epochs before the ones they are read in.

        What belongs to the epoch before is read by the later events of a run alone: ``older`` is then of each event.
        """
        nothing = Limbs.small(np.zeros(self._u, dtype=np.int64))
        own = self.add(added.only(ago == 0), current, older, largest_kept)
        late = self.add(added.only(ago == 1), nothing, nothing, ONE_LIMB / 2)  # leaves room for the sum of both
        return Passed(
            own.current, own.older.take(self.runs.number) + late.current, own.left, own.left_older + late.left
        )

    def _add(self, added: Ints, current: Ints, older: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Do so for one limb: it is all addition, and the limbs of a number go their ways apart.

        Sums over all keys may wrap around; differences within a key are right all the same.
        """
        base, before_epoch = self.base(current, older)
        total = np.zeros(len(added) + 1, dtype=np.int64)
        np.cumsum(added, out=total[1:])
        bounds = total.take(self._bounds)
        read = (base - bounds[:-1]).take(self.runs.number)
        read += total[:-1]
        sums = np.diff(bounds)
        if len(self._followers):
            before_epoch = before_epoch.copy()
            before_epoch[self._followers] += sums[self._followers - 1]
        sums += base
        if self.plain:
            return read, before_epoch, sums, before_epoch
        return read, before_epoch, sums.take(self.last), before_epoch.take(self.last)


def _where(when: npt.NDArray[np.bool_], limbs: Limbs) -> Limbs:
    return Limbs(np.where(when, limbs.high, 0) if limbs.high.ndim else limbs.high, np.where(when, limbs.low, 0))


def _settle(limbs: Limbs) -> Limbs:
    """Return the same numbers with low limbs below 2^40, so that they have room for more."""
    carry = limbs.low >> LIMB_BITS
    return Limbs(limbs.high + carry, limbs.low - (carry << LIMB_BITS))
