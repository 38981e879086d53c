"""Times, weights and additions of a chunk's events, the same for every entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.history.plan import HistoryPlan, SumKind, quantise, summed_values, weigh

# Below this, int64 holds every sum of a chunk.
ONE_LIMB = 2.0**62


@dataclass(frozen=True)
class Added:
    """What n events add to a sum, whole numbers: as ``small`` ones where int64 holds them; and the largest size."""

    numbers: Floats
    small: Ints | None
    largest: float

    @classmethod
    def of(cls, numbers: Floats) -> Added:
        """Hold whole numbers."""
        largest = max(float(np.max(numbers)), -float(np.min(numbers)))
        return cls(numbers, numbers.astype(np.int64) if largest < ONE_LIMB else None, largest)

    def only(self, which: npt.NDArray[np.bool_]) -> Added:
        """Return what some of the events add, and nothing for the others."""
        small = None if self.small is None else np.where(which, self.small, 0)
        return Added(np.where(which, self.numbers, 0.0), small, self.largest)


class ChunkTimes:
    """n events of a chunk under a plan. ``excess`` is what `amount_excess` says of them, once that is known."""

    def __init__(self, plan: HistoryPlan, events: Events) -> None:
        self._plan = plan
        self._events = events
        self.times_us = events.times_us
        self.times_s = events.times_s
        self.excess = np.zeros(len(events))
        self._weighed: dict[int, tuple[Ints, Floats]] = {}
        self._added: dict[tuple[SumKind, int], Added] = {}

    @cached_property
    def arrival(self) -> Ints:
        """The place of each event in order of time; events of the same time keep the order of their rows."""
        n = len(self.times_us)
        if (np.diff(self.times_us) >= 0).all():
            return np.arange(n)
        ranks = np.empty(n, dtype=np.int64)
        ranks[np.argsort(self.times_us, kind="stable")] = np.arange(n)
        return ranks

    def weighed(self, half_life: int) -> tuple[Ints, Floats]:
        """Return the epoch and the weight of each event."""
        if half_life not in self._weighed:
            self._weighed[half_life] = weigh(self.times_s, self._plan.half_lives_s[half_life])
        return self._weighed[half_life]

    @cached_property
    def values(self) -> Mapping[SumKind, Floats]:
        """What each kind of sum adds; not before ``excess`` is known, but for counts and amounts."""
        return summed_values(self._events, self.excess)

    def added(self, kind: SumKind, half_life: int) -> Added:
        """Return what each event adds to one sum."""
        if (kind, half_life) not in self._added:
            numbers = quantise(self.values[kind], self.weighed(half_life)[1], kind)
            self._added[kind, half_life] = Added.of(numbers)
        return self._added[kind, half_life]

    def with_excess(self, excess: Floats) -> ChunkTimes:
        """Return the same events with what was judged of their amounts."""
        again = ChunkTimes(self._plan, self._events)
        again.excess = excess
        again.__dict__["arrival"] = self.arrival
        again._weighed = self._weighed
        again._added = dict(self._added)
        return again

    def as_of(self, times_us: Ints) -> ChunkTimes:
        """Return the moments as of which the events read, where these are not their own."""
        return ChunkTimes(self._plan, replace(self._events, times_us=times_us))

    def mature_before(self, as_of: ChunkTimes | None) -> bool:
        """Return whether some events have matured by the moment as of which they read."""
        return as_of is not None and bool((self.steps <= as_of.last_matured_step).any())

    def matured(self, half_life: int, which: npt.NDArray[np.bool_]) -> tuple[Ints, Added]:
        """Return the epochs of all events' maturing, and what ``which`` of them add as legitimate ones then."""
        assert self._plan.maturing is not None
        moments_s = self._plan.maturing.moments_s(self.times_s)
        epochs, weights = weigh(moments_s, self._plan.half_lives_s[half_life])
        return epochs, Added.of(quantise(which.astype(np.float64), weights, "l"))

    @cached_property
    def steps(self) -> Ints:
        """The step at which each event matures, shape (n,)."""
        assert self._plan.maturing is not None
        return self._plan.maturing.steps(self.times_s)

    @cached_property
    def last_matured_step(self) -> Ints:
        """Return the last step that is over before each event, shape (n,)."""
        assert self._plan.maturing is not None
        return last_step_before(self.times_us, self._plan.maturing.step_s)


def last_step_before(times_us: Ints, step_s: float) -> Ints:
    """Return the last step whose moment lies before each time: at the very moment it is not over yet."""
    return (times_us - 1) // int(step_s * 1e6)
