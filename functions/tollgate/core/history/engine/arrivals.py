"""Arrivals of a chunk: its events and the labels that become known of them, with their times, weights and additions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.features.arithmetic import COLUMNS
from tollgate.core.history.decay import quantize, weigh
from tollgate.core.history.labels import NO_FRAUDS, NOTHING_WITHHELD, Frauds, Withheld
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.sum_kinds import SUM_RULES, UNITS, AddedBy, Addends, SumKind

Flags = npt.NDArray[np.bool_]

# Below this, int64 holds every sum of a chunk.
ONE_LIMB = 2.0**62


@dataclass(frozen=True)
class Added:
    """What m arrivals add to a sum, whole numbers: as ``small`` ones where int64 holds them; and the largest size."""

    numbers: Floats
    small: Ints | None
    largest: float

    @classmethod
    def of(cls, numbers: Floats) -> Added:
        """Hold whole numbers."""
        largest = max(float(np.max(numbers)), -float(np.min(numbers)))
        return cls(numbers, numbers.astype(np.int64) if largest < ONE_LIMB else None, largest)

    def only(self, which: Flags) -> Added:
        """Return what some of the arrivals add, and nothing for the others."""
        small = None if self.small is None else np.where(which, self.small, 0)
        return Added(np.where(which, self.numbers, 0.0), small, self.largest)


class Moments:
    """Moments under a plan, shape (m,): when something arrives, or as of when it is read."""

    def __init__(self, plan: HistoryPlan, times_us: Ints, times_s: Floats | None = None) -> None:
        self.plan = plan
        self.times_us = times_us
        self.times_s = times_us / 1e6 if times_s is None else times_s
        self._weighed: dict[int, tuple[Ints, Floats]] = {}

    def weighed(self, half_life: int) -> tuple[Ints, Floats]:
        """Return the epoch and the weight of each moment."""
        if half_life not in self._weighed:
            self._weighed[half_life] = weigh(self.times_s, self.plan.half_lives_s[half_life])
        return self._weighed[half_life]

    @cached_property
    def last_matured_step(self) -> Ints:
        """Return the last step that is over before each moment, shape (m,)."""
        assert self.plan.maturing is not None
        return last_step_before(self.times_us, self.plan.maturing.step_s)


class Arrivals(Moments):
    """n events in the order of their rows, and behind them the labels of some, in order of kind: m arrivals.

    The labels are frauds, and events that were not let through and turned out to be legitimate. What became known
    after the last event is left out: no event reads it. An event never reads its own label.
    """

    def __init__(
        self, plan: HistoryPlan, events: Events, frauds: Frauds = NO_FRAUDS, withheld: Withheld = NOTHING_WITHHELD
    ) -> None:
        until_s = float(np.max(events.times_s, initial=-np.inf))
        self.events = events
        self._frauds = frauds.by(until_s)
        self._withheld = withheld
        cleared = withheld.cleared(until_s)
        self.n = len(events)
        self.label_rows: Ints = np.concatenate([self._frauds.rows, cleared.rows])
        times_us, times_s = events.times_us, events.times_s
        if len(self.label_rows):
            labels_s = np.concatenate([self._frauds.known_s, cleared.legitimate_s])
            times_us = np.concatenate([times_us, np.rint(labels_s * 1e6).astype(np.int64)])
            times_s = np.concatenate([times_s, labels_s])
        super().__init__(plan, times_us, times_s)
        self._addends = Addends.columns(events, np.zeros(self.n))
        self._values: dict[SumKind, Floats] = {}
        self._added: dict[tuple[SumKind, int], Added] = {}
        self._disputed: dict[int, tuple[Ints, Added]] = {}

    @property
    def excess(self) -> Floats:
        """What `amount_excess` says of the events, shape (n,); 0 until they are judged."""
        excess: Floats = self._addends.excess
        return excess

    def judge(self, excess: Floats) -> None:
        """Take what `amount_excess` says of the events; until then, only counts and amounts may be asked for."""
        self._addends = replace(self._addends, excess=excess)

    def codes(self, codes: Ints, *, with_labels: bool) -> Ints:
        """Return the codes of all arrivals, (m,), given those of the events, (n,); -1 for labels without effect."""
        if not len(self.label_rows):
            return codes
        return np.concatenate([codes, codes[self.label_rows] if with_labels else np.full_like(self.label_rows, -1)])

    @cached_property
    def order(self) -> Ints:
        """The place of each arrival in order of time; of the same time, events come first, in the order of rows."""
        m = len(self.times_s)
        if (np.diff(self.times_s) >= 0).all():
            return np.arange(m)
        ranks = np.empty(m, dtype=np.int64)
        ranks[np.argsort(self.times_s, kind="stable")] = np.arange(m)
        return ranks

    def added(self, kind: SumKind, half_life: int) -> Added:
        """Return what each arrival adds to one sum; not for what matures."""
        if (kind, half_life) not in self._added:
            if kind not in self._values:
                self._values[kind] = self._value(kind)
            numbers = quantize(self._values[kind], self.weighed(half_life)[1], UNITS[kind])
            self._added[kind, half_life] = Added.of(numbers)
        return self._added[kind, half_life]

    def _value(self, kind: SumKind) -> Floats:
        """Return what each arrival adds to a kind of sum before it is weighed, shape (m,)."""
        rule = SUM_RULES[kind]
        of_events: Floats = rule.value(COLUMNS, self._addends)
        if rule.by is AddedBy.EVENT and not len(self.label_rows):
            return of_events
        values = np.zeros(len(self.times_s))
        if rule.by is AddedBy.EVENT:
            values[: self.n] = of_events
        else:
            values[self._of_frauds] = of_events[self._frauds.rows]
        return values

    @property
    def _of_frauds(self) -> slice:
        """Where the labels of frauds stand."""
        return slice(self.n, self.n + len(self._frauds.rows))

    @cached_property
    def steps(self) -> Ints:
        """The step at which each event matures, shape (n,)."""
        assert self.plan.maturing is not None
        return self.plan.maturing.steps(self.events.times_s)

    @cached_property
    def _moments_s(self) -> Floats:
        """When each event matures, in seconds since 1970, shape (n,)."""
        assert self.plan.maturing is not None
        return self.steps * np.float64(self.plan.maturing.step_s)

    @cached_property
    def lasting(self) -> Flags | None:
        """Whether each event matures by itself before it is known as fraud, shape (n,); None where every one does."""
        if not len(self._frauds.rows) and not len(self._withheld.rows):
            return None
        known_s = np.full(self.n, np.inf)
        known_s[self._frauds.rows] = self._frauds.known_s
        lasting = known_s > self._moments_s
        lasting[self._withheld.rows] = False
        return lasting

    def at_once(self, as_of: Moments) -> Flags | None:
        """Return which events have matured by the moment as of which they read, (n,); None where none has."""
        if as_of is self:
            return None
        late = self.steps <= as_of.last_matured_step[: self.n]
        late[self._withheld.rows] = False
        return late if late.any() else None

    def disputed(self, half_life: int, at_once: Flags | None) -> tuple[Ints, Added] | None:
        """Return what arrivals, (m,), add to legitimate events beside those that mature by themselves; None: nothing.

        Events that are so late that they mature ``at_once`` count as they arrive, those that were not let through when
        they turn out to be legitimate, and frauds that had matured are taken back. Also the epochs of their dates.
        """
        if at_once is not None:
            return self._dispute(half_life, at_once)
        if not len(self.label_rows):
            return None
        if half_life not in self._disputed:  # the same for all entities
            self._disputed[half_life] = self._dispute(half_life, np.zeros(self.n, dtype=bool))
        return self._disputed[half_life]

    def _dispute(self, half_life: int, at_once: Flags) -> tuple[Ints, Added]:
        rows, frauds = self._frauds.rows, self._of_frauds
        matured = at_once if self.lasting is None else self.lasting | at_once
        numbers, dated_s = np.empty(len(self.times_s)), self.times_s.copy()
        numbers[: self.n], dated_s[: self.n] = at_once, self._moments_s
        numbers[frauds], dated_s[frauds] = -1.0 * matured[rows], self._moments_s[rows]
        numbers[frauds.stop :] = 1.0
        epochs, weights = weigh(dated_s, self.plan.half_lives_s[half_life])
        return epochs, Added.of(quantize(numbers, weights, UNITS[SumKind.LEGITIMATE]))


def last_step_before(times_us: Ints, step_s: float) -> Ints:
    """Return the last step whose moment lies before each time: at the very moment it is not over yet."""
    return (times_us - 1) // int(step_s * 1e6)
