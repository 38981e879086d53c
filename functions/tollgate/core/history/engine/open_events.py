"""Open events, of which nobody complained yet: counted by the step at which they mature and become legitimate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.core.history.decay import weigh
from tollgate.core.history.engine.arrivals import ONE_LIMB, Flags
from tollgate.core.history.engine.running_sums import Line, RunsOnKept
from tollgate.core.history.exact_sums import Limbs, Runs
from tollgate.core.history.plan import LabelMaturation
from tollgate.core.history.sum_kinds import UNITS, SumKind

# Up to as many numbers for each that is there are counted, rather than searched.
_DENSE = 16


@dataclass(frozen=True)
class Steps:
    """Counts of open events of u keys in order of key and step, (s,) each; a key may have a step more than once."""

    u: int
    keys: Ints
    steps: Ints
    counts: Ints

    @classmethod
    def together(cls, *parts: Steps) -> Steps:
        """Put counts of the same keys in order, that of their parts may be any."""
        filled = [part for part in parts if len(part.keys)] or list(parts[:1])
        keys, steps, counts = (
            np.concatenate([getattr(part, name) for part in filled]) for name in ("keys", "steps", "counts")
        )
        loose = cls(parts[0].u, keys, steps, counts)
        # Parts that rise already are merged rather than sorted.
        return loose.take(np.argsort(loose.joined, kind="stable")) if len(keys) else loose

    @classmethod
    def of_line(cls, line: Line, steps: Ints, still: Flags | None = None) -> Steps:
        """Count the events of a line that are ``still`` open, (n,), given the steps of all n."""
        rows, keys = line.rows[line.events], line.keys[line.events]
        mature = steps.take(rows)
        if still is not None:
            held = np.flatnonzero(still.take(rows))
            mature, keys = mature.take(held), keys.take(held)
        changes = np.ones(len(mature), dtype=bool)
        changes[1:] = (keys[1:] != keys[:-1]) | (mature[1:] != mature[:-1])
        starts = np.flatnonzero(changes)
        return cls(len(line.starts), keys.take(starts), mature.take(starts), np.diff(starts, append=len(mature)))

    @classmethod
    def of_ring(cls, ring: Ints, first: Ints) -> Steps:
        """Unroll the counts of u keys, (r, u), where a step stands at its remainder; ``first`` is the earliest.

        They are in order of remainders, not of keys.
        """
        size, u = ring.shape
        found = np.flatnonzero(ring)
        remainders = found // u
        keys = found - remainders * u
        firsts = first.take(keys)
        return cls(u, keys, firsts + (remainders - firsts) % size, ring.reshape(-1).take(found))

    @cached_property
    def first(self) -> int:
        """The earliest step; 0 where there are none."""
        return int(np.min(self.steps)) if len(self.steps) else 0

    @cached_property
    def width(self) -> int:
        """How many steps there are from the first to one behind the last."""
        return int(np.max(self.steps)) - self.first + 2 if len(self.steps) else 1

    @cached_property
    def since_first(self) -> Ints:
        """How many steps each comes behind the first."""
        return self.steps - self.first

    @cached_property
    def joined(self) -> Ints:
        """Numbers that rise with key and step."""
        return self.keys * self.width + self.since_first

    @cached_property
    def total(self) -> int:
        """How many events are open, those that were taken back after they had matured among them."""
        return int(np.abs(self.counts).sum())

    @cached_property
    def begins(self) -> Ints:
        """Where those of each key begin, and where the last one's end, shape (u + 1,)."""
        return _running(np.bincount(self.keys, minlength=self.u))

    @cached_property
    def _earlier(self) -> Ints | None:
        """How many have a lower number, for each one that `joined` can have; None where these are far too many."""
        size = self.u * self.width
        if size > _DENSE * len(self.keys):
            return None
        return _running(np.bincount(self.joined, minlength=size))

    def matured(self, keys: Ints, last_over: Ints) -> Ints:
        """Return how many of them, in their order, mature by a step or belong to earlier keys, for each key asked."""
        asked = np.clip(last_over + (1 - self.first), 0, self.width - 1)
        asked += keys * self.width
        return np.searchsorted(self.joined, asked) if self._earlier is None else self._earlier.take(asked)

    def take(self, places: Ints) -> Steps:
        """Return some of them, in order."""
        return Steps(self.u, self.keys.take(places), self.steps.take(places), self.counts.take(places))

    def roll(self, size: int) -> Ints:
        """Return the counts as a ring for each of u keys, shape (size, u)."""
        places = self.steps % size * self.u + self.keys
        return np.bincount(places, self.counts, self.u * size).astype(np.int64).reshape(size, self.u)


@dataclass(frozen=True)
class Maturity:
    """What open events are worth over one half-life: running totals in their order, in one or two limbs.

    ``epochs`` are those of all steps from the first on.
    """

    steps: Steps
    epochs: Ints
    totals: Limbs

    @classmethod
    def of(cls, maturing: LabelMaturation, half_life_s: float, steps: Steps) -> Maturity:
        """Weigh the events of each step at the moment of their maturing."""
        every = np.arange(steps.first, steps.first + steps.width - 1)
        epochs, weights = weigh(every * np.float64(maturing.step_s), half_life_s)
        worth = np.rint(weights * UNITS[SumKind.LEGITIMATE])
        if float(np.max(worth, initial=0.0)) * steps.total < ONE_LIMB:
            numbers = worth.astype(np.int64).take(steps.since_first)
            numbers *= steps.counts
            return cls(steps, epochs, Limbs.small(_running(numbers)))
        limbs = Limbs.of(worth.take(steps.since_first), steps.counts)
        return cls(steps, epochs, Limbs(_running(limbs.high), _running(limbs.low)))

    def before(self, runs: Runs, until: Ints, base: Limbs, base_older: Limbs) -> tuple[Limbs, Limbs]:
        """Return a sum with what matured in the epoch of each event, before it, (m,); and in the epoch before, (r,).

        ``base`` and ``base_older`` are what is known of both for each run. ``until`` says how many of all open events,
        in order, are over before each event or belong to earlier keys.
        """
        own, before = (self.totals.take(self._first(runs.codes, runs.epochs - ago)) for ago in (0, 1))
        return (base - own).take(runs.number) + self.totals.take(until), base_older + (own - before)

    def fold(self, current: Limbs, older: Limbs, runs: RunsOnKept, until: Ints) -> tuple[Limbs, Limbs]:
        """Return a sum with what matured by the last event of each of u keys: of its latest epoch, and the one before.

        ``until`` says for each key how many are over by then or belong to earlier keys.
        """
        keys, latest = np.arange(len(until)), runs.latest
        own, before = (self.totals.take(np.minimum(self._first(keys, latest - ago), until)) for ago in (0, 1))
        now, now_older = runs.move(current, older)
        return now + (self.totals.take(until) - own), now_older + (own - before)

    def _first(self, keys: Ints, epochs: Ints) -> Ints:
        """Return the place of the first open event of each key that matures in an epoch or later."""
        if not len(self.epochs):
            return np.zeros(len(keys), dtype=np.int64)
        low, high = int(self.epochs[0]), int(self.epochs[-1])
        if low == high:
            return self.steps.begins.take(keys + (epochs > low))
        # The steps before the first one of an epoch are those of earlier ones.
        return self.steps.matured(keys, self.steps.first - 1 + np.searchsorted(self.epochs, epochs))


def _running(numbers: Ints) -> Ints:
    totals = np.zeros(len(numbers) + 1, dtype=np.int64)
    np.cumsum(numbers, out=totals[1:])
    return totals
