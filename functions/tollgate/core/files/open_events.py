"""Events that nobody complained of yet: counted by the step at which they mature, and legitimate from then on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tollgate.core.event import Ints
from tollgate.core.exact_sums import Limbs, Runs
from tollgate.core.files.lines import Line
from tollgate.core.files.running_sums import ONE_LIMB, Kept
from tollgate.core.history import UNITS, Maturing, weigh

@dataclass(frozen=True)
class Steps:
    """Counts of open events in order of key and step, shape (s,) each; a key may have a step more than once."""

    keys: Ints
    steps: Ints
    counts: Ints

    @classmethod
    def of_line(cls, line: Line, steps: Ints) -> Steps:
        """Count the events of a line, given the steps of all rows."""
        mature = steps[line.rows]
        starts = np.flatnonzero((np.diff(line.keys, prepend=-1) != 0) | (np.diff(mature, prepend=-1) != 0))
        return cls(line.keys[starts], mature[starts], np.diff(starts, append=len(mature)))

    @classmethod
    def of_ring(cls, ring: Ints, first: Ints) -> Steps:
        """Unroll the counts of u keys, shape (u, r), where a step stands at its remainder; ``first`` is the earliest."""
        size = ring.shape[1]
        keys, slots = np.nonzero(ring)
        steps = first[keys] + (slots - first[keys]) % size
        order = np.lexsort((steps, keys))
        return cls(keys[order], steps[order], ring[keys, slots][order])

    def __add__(self, other: Steps) -> Steps:
        if not len(other.keys):
            return self
        if not len(self.keys):
            return other
        keys, steps, counts = (
            np.concatenate(pair)
            for pair in ((self.keys, other.keys), (self.steps, other.steps), (self.counts, other.counts))
        )
        order = np.lexsort((steps, keys))
        return Steps(keys[order], steps[order], counts[order])

    def take(self, places: Ints) -> Steps:
        """Return some of them, in order."""
        return Steps(self.keys[places], self.steps[places], self.counts[places])

    def roll(self, u: int, size: int) -> Ints:
        """Return the counts as a ring for each of u keys, shape (u, size)."""
        ring = np.zeros((u, size), dtype=np.int64)
        np.add.at(ring, (self.keys, self.steps % size), self.counts)
        return ring


@dataclass(frozen=True)
class Maturity:
    """What open events are worth over one half-life: running totals in their order, in one or two limbs."""

    steps: Steps
    epochs: Ints
    totals: Limbs

    @classmethod
    def of(cls, maturing: Maturing, half_life_s: float, steps: Steps) -> Maturity:
        """Weigh the events of each step at the moment of their maturing."""
        epochs, weights = weigh(steps.steps * np.float64(maturing.step_s), half_life_s)
        worth = np.rint(weights * UNITS["l"]).astype(np.int64)
        if float((worth.astype(np.float64) * steps.counts).sum()) < ONE_LIMB:
            return cls(steps, epochs, Limbs.small(_running(worth * steps.counts)))
        limbs = Limbs.of(worth.astype(np.float64), steps.counts)
        return cls(steps, epochs, Limbs(_running(limbs.high), _running(limbs.low)))

    def before(self, runs: Runs, until: Ints) -> tuple[Limbs, Limbs]:
        """Return what matured in the epoch of each event, before it, and in the epoch before.

        ``until`` says how many of all open events, in their order, mature before each event or belong to earlier keys.
        """
        begins = [self._first(runs.codes, runs.epochs - ago) for ago in (0, 1)]
        begins[0], begins[1] = (begin[runs.number] for begin in begins)
        return self._between(begins[0], until), self._between(begins[1], begins[0])

    def fold(self, kept: Kept, latest: Ints, until: Ints) -> tuple[Limbs, Limbs]:
        """Return what matured by the last event of each of u keys, for its latest epoch and for the one before.

        ``until`` says for each key how many mature by then or belong to earlier keys.
        """
        keys = np.arange(len(latest))
        own, before = (self._first(keys, latest - ago) for ago in (0, 1))
        own, before = np.minimum(own, until), np.minimum(before, until)
        moved = latest - kept.epochs
        current, older = (
            Limbs(*(np.where(when, limb, 0) for limb in (limbs.high, limbs.low)))
            for limbs, when in ((kept.current, moved == 0), (kept.older, moved == 0))
        )
        older += Limbs(*(np.where(moved == 1, limb, 0) for limb in (kept.current.high, kept.current.low)))
        return current + self._between(own, until), older + self._between(before, own)

    def _first(self, keys: Ints, epochs: Ints) -> Ints:
        """Return the place of the first open event of each key that matures in an epoch or later."""
        if not len(self.epochs):
            return np.zeros(len(keys), dtype=np.int64)
        low, high = int(self.epochs.min()), int(self.epochs.max())
        width = high - low + 2
        joined = self.steps.keys * width + (self.epochs - low)
        return np.searchsorted(joined, keys * width + np.clip(epochs - low, 0, width - 1))

    def _between(self, begin: Ints, end: Ints) -> Limbs:
        if self.totals.high.ndim == 0:
            return Limbs.small(self.totals.low[end] - self.totals.low[begin])
        return Limbs(*(limb[end] - limb[begin] for limb in (self.totals.high, self.totals.low)))


def _running(numbers: Ints) -> Ints:
    return np.append(np.zeros(1, dtype=np.int64), np.cumsum(numbers))


def find_matured(steps: Steps, keys: Ints, last_over: Ints) -> Ints:
    """Return how many open events, in their order, mature by a step or belong to earlier keys, for each key asked."""
    if not len(steps.steps):
        return np.zeros(len(keys), dtype=np.int64)
    low, high = int(steps.steps.min()), int(steps.steps.max())
    width = high - low + 2
    joined = steps.keys * width + (steps.steps - low)
    return np.searchsorted(joined, keys * width + np.clip(last_over + 1 - low, 0, width - 1))
