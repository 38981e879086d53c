"""Events that nobody complained of yet: counted by the step at which they mature, and legitimate from then on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tollgate.core.event import Ints
from tollgate.core.exact_sums import Limbs, Runs
from tollgate.core.files.lines import Line
from tollgate.core.files.piece_times import ONE_LIMB
from tollgate.core.files.running_sums import RunsOnKept
from tollgate.core.history import UNITS, Maturing, weigh


@dataclass(frozen=True)
class Steps:
    """Counts of open events of u keys in order of key and step, (s,) each; a key may have a step more than once."""

    u: int
    keys: Ints
    steps: Ints
    counts: Ints

    @classmethod
    def of(cls, u: int, keys: Ints, steps: Ints, counts: Ints) -> Steps:
        """Put counts in order."""
        if not len(keys):
            return cls(u, keys, steps, counts)
        low = int(np.min(steps))
        order = np.argsort(keys * (int(np.max(steps)) - low + 1) + (steps - low), kind="stable")
        return cls(u, keys[order], steps[order], counts[order])

    @classmethod
    def of_line(cls, line: Line, steps: Ints) -> Steps:
        """Count the events of a line, given the steps of all rows."""
        mature = steps[line.rows]
        starts = np.flatnonzero((np.diff(line.keys, prepend=-1) != 0) | (np.diff(mature, prepend=-1) != 0))
        return cls(len(line.starts), line.keys[starts], mature[starts], np.diff(starts, append=len(mature)))

    @classmethod
    def of_ring(cls, ring: Ints, first: Ints) -> Steps:
        """Unroll the counts of u keys, (r, u), where a step stands at its remainder; ``first`` is the earliest."""
        size, u = ring.shape
        found = np.flatnonzero(ring)
        remainders = found // u
        keys = found - remainders * u
        firsts = first.take(keys)
        return cls.of(u, keys, firsts + (remainders - firsts) % size, ring.reshape(-1).take(found))

    def __add__(self, other: Steps) -> Steps:
        if not len(other.keys):
            return self
        if not len(self.keys):
            return other
        low = min(int(np.min(self.steps)), int(np.min(other.steps)))
        width = max(int(np.max(self.steps)), int(np.max(other.steps))) - low + 1
        mine, others = (its.keys * width + (its.steps - low) for its in (self, other))
        places = np.searchsorted(mine, others)
        joined = np.insert(mine, places, others)
        return Steps(self.u, joined // width, joined % width + low, np.insert(self.counts, places, other.counts))

    @cached_property
    def begins(self) -> Ints:
        """Where those of each key begin, and where the last one's end, shape (u + 1,)."""
        counts = np.bincount(self.keys, minlength=self.u)
        return np.append(np.zeros(1, dtype=np.int64), np.cumsum(counts))

    def take(self, places: Ints) -> Steps:
        """Return some of them, in order."""
        return Steps(self.u, self.keys[places], self.steps[places], self.counts[places])

    def roll(self, size: int) -> Ints:
        """Return the counts as a ring for each of u keys, shape (size, u)."""
        places = self.steps % size * self.u + self.keys
        return np.bincount(places, self.counts, self.u * size).astype(np.int64).reshape(size, self.u)


@dataclass(frozen=True)
class Maturity:
    """What open events are worth over one half-life: running totals in their order, in one or two limbs."""

    steps: Steps
    epochs: Ints
    totals: Limbs

    @classmethod
    def of(cls, maturing: Maturing, half_life_s: float, steps: Steps) -> Maturity:
        """Weigh the events of each step at the moment of their maturing."""
        if not len(steps.steps):
            return cls(steps, steps.steps, Limbs.small(np.zeros(1, dtype=np.int64)))
        first = int(np.min(steps.steps))
        every = np.arange(first, int(np.max(steps.steps)) + 1)
        which = steps.steps - first
        epochs, weights = weigh(every * np.float64(maturing.step_s), half_life_s)
        worth = np.rint(weights * UNITS["l"]).astype(np.int64).take(which)
        epochs = epochs.take(which)
        if float((worth.astype(np.float64) * steps.counts).sum()) < ONE_LIMB:
            return cls(steps, epochs, Limbs.small(_running(worth * steps.counts)))
        limbs = Limbs.of(worth.astype(np.float64), steps.counts)
        return cls(steps, epochs, Limbs(_running(limbs.high), _running(limbs.low)))

    def before(self, runs: Runs, until: Ints) -> tuple[Limbs, Limbs]:
        """Return what matured in the epoch of each event, before it, (m,); and in the epoch before, (r,).

        ``until`` says how many of all open events, in order, are over before each event or belong to earlier keys.
        """
        own, before = (self._first(runs.codes, runs.epochs - ago) for ago in (0, 1))
        return self._between(own.take(runs.number), until), self._between(before, own)

    def fold(self, current: Limbs, older: Limbs, runs: RunsOnKept, until: Ints) -> tuple[Limbs, Limbs]:
        """Return a sum with what matured by the last event of each of u keys: of its latest epoch, and the one before.

        ``until`` says for each key how many are over by then or belong to earlier keys.
        """
        keys, latest = np.arange(len(until)), runs.latest
        own, before = (np.minimum(self._first(keys, latest - ago), until) for ago in (0, 1))
        stays, moves = latest == runs.kept_epochs, latest == runs.kept_epochs + 1
        now = _where(stays, current) + self._between(own, until)
        return now, _where(stays, older) + _where(moves, current) + self._between(before, own)

    def _first(self, keys: Ints, epochs: Ints) -> Ints:
        """Return the place of the first open event of each key that matures in an epoch or later."""
        if not len(self.epochs):
            return np.zeros(len(keys), dtype=np.int64)
        low, high = int(np.min(self.epochs)), int(np.max(self.epochs))
        if low == high:
            return self.steps.begins.take(keys + (epochs > low))
        width = high - low + 2
        joined = self.steps.keys * width + (self.epochs - low)
        return np.searchsorted(joined, keys * width + np.clip(epochs - low, 0, width - 1))

    def _between(self, begin: Ints, end: Ints) -> Limbs:
        if self.totals.high.ndim == 0:
            return Limbs.small(self.totals.low[end] - self.totals.low[begin])
        return Limbs(*(limb[end] - limb[begin] for limb in (self.totals.high, self.totals.low)))


def _where(when: npt.NDArray[np.bool_], limbs: Limbs) -> Limbs:
    return Limbs(np.where(when, limbs.high, 0) if limbs.high.ndim else limbs.high, np.where(when, limbs.low, 0))


def _running(numbers: Ints) -> Ints:
    return np.append(np.zeros(1, dtype=np.int64), np.cumsum(numbers))


def find_matured(steps: Steps, keys: Ints, last_over: Ints) -> Ints:
    """Return how many open events, in their order, mature by a step or belong to earlier keys, for each key asked."""
    if not len(steps.steps):
        return np.zeros(len(keys), dtype=np.int64)
    low, high = int(np.min(steps.steps)), int(np.max(steps.steps))
    width = high - low + 2
    joined = steps.keys * width + (steps.steps - low)
    return np.searchsorted(joined, keys * width + np.clip(last_over + 1 - low, 0, width - 1))
