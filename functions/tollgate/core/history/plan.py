"""History plan: sums over an entity's past that fade with time (`decay`), so that recording an event is pure addition.

Labels come late, so the events of an entity are of three kinds: known frauds, events that nobody complained of until
their label delay was over, which count as legitimate from then on (`LabelMaturation`), and those that are still open.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import cast

import numpy as np

from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.features.arithmetic import COLUMNS, PLAIN
from tollgate.core.history.decay import EPOCH_HALF_LIVES
from tollgate.core.history.layout import Layout
from tollgate.core.history.sum_kinds import UNITS, SumKind
from tollgate.core.history.unusual_amounts import UnusualAmountRule, excess_of

DAY_S = 86_400.0

# These count in every plan's fingerprint, others only where they are kept: a new kind changes no other plan.
_FIRST_KINDS = frozenset("nasuwfvlxyz")
_MAX_OPEN_STEPS = 16


@dataclass(frozen=True)
class Sum:
    """One faded sum: what is summed, and the index of its half-life."""

    kind: SumKind
    half_life: int


@dataclass(frozen=True)
class LabelMaturation:
    """When an event that nobody complained of counts as legitimate: at the first full step after its label delay.

    A step is a day, from midnight UTC, or more where the delay is long: an entity keeps a number for each step.
    """

    delay_s: float
    step_s: float = DAY_S

    @classmethod
    def after(cls, delay_s: float) -> LabelMaturation:
        """Return steps of whole days, no more than sixteen to a delay."""
        return cls(delay_s, DAY_S * max(1.0, np.ceil(delay_s / DAY_S / _MAX_OPEN_STEPS)))

    def steps(self, times_s: Floats) -> Ints:
        """Return the number of the step at which events of these times mature."""
        return (np.floor((times_s + self.delay_s) / self.step_s) + 1).astype(np.int64)

    def step(self, time_s: float) -> int:
        """Return what `steps` does for one event."""
        return math.floor((time_s + self.delay_s) / self.step_s) + 1

    def moments_s(self, times_s: Floats) -> Floats:
        """Return when events of these times mature, in seconds since 1970."""
        moments: Floats = self.steps(times_s) * np.float64(self.step_s)
        return moments


@dataclass(frozen=True)
class HistoryPlan:
    """Which sums are kept for which entity. Half-lives are in seconds, shortest first.

    ``maturing`` is None where no labels are declared, ``unusual`` where no entity or no amount is. ``parents`` are
    those of the event type, from which they follow: pair → the entity that its first column is by itself.
    """

    half_lives_s: tuple[float, ...]
    sums: Mapping[str, tuple[Sum, ...]]
    maturing: LabelMaturation | None = None
    unusual: UnusualAmountRule | None = None
    parents: Mapping[str, str] = field(default_factory=dict, compare=False)

    def matures(self, entity: str) -> bool:
        """Return whether the histories of ``entity`` tell legitimate events, and so keep count of the open ones."""
        return self.maturing is not None and entity in self._with_legitimate

    @cached_property
    def _with_legitimate(self) -> frozenset[str]:
        return frozenset(
            entity for entity, sums in self.sums.items() if any(s.kind is SumKind.LEGITIMATE for s in sums)
        )

    @cached_property
    def fingerprint(self) -> str:
        """Eight hex digits that change when histories kept under another plan could not be read under this one."""
        kept = {s.kind for sums in self.sums.values() for s in sums}
        plan = {
            "half_lives_s": self.half_lives_s,
            "sums": {entity: [f"{s.kind}{s.half_life}" for s in sums] for entity, sums in sorted(self.sums.items())},
            "units": {kind: units for kind, units in UNITS.items() if kind in _FIRST_KINDS or kind in kept},
            "maturing": asdict(self.maturing) if self.maturing else None,
            "unusual": asdict(self.unusual) if self.unusual else None,
        }
        return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()[:8]

    @cached_property
    def layout(self) -> Layout:
        """All sums side by side."""
        kept = {entity: [(s.kind, s.half_life) for s in sums] for entity, sums in self.sums.items()}
        return Layout.of(self.half_lives_s, kept, {str(kind): units for kind, units in UNITS.items()})

    @cached_property
    def judging(self) -> HistoryPlan:
        """The plan of the two sums that amounts are judged by: the count, and the sum of amounts."""
        assert self.unusual is not None
        longest = len(self.half_lives_s) - 1
        return replace(self, sums={self.unusual.entity: (Sum(SumKind.COUNT, longest), Sum(SumKind.AMOUNT, longest))})

    @cached_property
    def excess_places(self) -> tuple[int, int]:
        """Where the two sums that amounts are judged by stand in the layout: the count, and the sum of amounts."""
        assert self.unusual is not None
        places, longest = self.layout.places, len(self.half_lives_s) - 1
        return places[self.unusual.entity, SumKind.COUNT, longest], places[self.unusual.entity, SumKind.AMOUNT, longest]

    @property
    def forgotten_after_s(self) -> float:
        """Seconds after its last event when nothing of a history can be read any more: not even that it matured."""
        matures_within_s = self.maturing.delay_s + self.maturing.step_s if self.maturing else 0.0
        return matures_within_s + 2 * EPOCH_HALF_LIVES * self.half_lives_s[-1]


def plan_history(
    event_type: EventType,
    half_lives_s: Sequence[float],
    *,
    unusual_times: float = 2.5,
    unusual_amount: float | None = None,
) -> HistoryPlan:
    """Choose the sums of each entity from what the event type declares.

    Every entity counts its events. Single entities also sum amounts (over a day or more; their squares over the two
    longest of these half-lives), unusually large events, frauds and legitimate events where labels are declared, and
    the usual place over the longest half-life. The entity that judges amounts sums how far they went beyond the usual.
    Frauds of ordinary amounts say little of that entity and much of the others: those keep them, with labels over less
    than a day. A pair is there to tell whether it is new: it counts, over the shortest and the longest. Every sum is
    paid for by the kilobyte at each event, so none is kept that no feature reads.
    """
    ordered = tuple(sorted(set(half_lives_s)))
    last = len(ordered) - 1
    every = range(len(ordered))
    slow = [index for index in every if ordered[index] >= DAY_S] or [last]
    singles = [name for name, parts in event_type.entities.items() if len(parts) == 1]
    judged = bool(event_type.amount and singles)
    single: list[Sum] = [Sum(SumKind.COUNT, index) for index in every]
    if event_type.amount:
        single += [Sum(SumKind.AMOUNT, index) for index in slow] + [
            Sum(SumKind.SQUARED_AMOUNT, index) for index in slow[-2:]
        ]
    if judged:
        single += [Sum(SumKind.UNUSUAL, index) for index in slow]
    if event_type.label:
        single += [Sum(kind, index) for kind in (SumKind.FRAUD, SumKind.LEGITIMATE) for index in slow]
    if event_type.latitude:
        single += [Sum(SumKind.X, last), Sum(SumKind.Y, last), Sum(SumKind.Z, last)]
    by_label = (
        [Sum(kind, index) for kind in (SumKind.ORDINARY_FRAUD, SumKind.LEGITIMATE) for index in every]
        if judged and event_type.label
        else []
    )
    pair = [Sum(SumKind.COUNT, index) for index in sorted({0, last})]

    excess = [Sum(SumKind.EXCESS, index) for index in slow[:-1] or slow] if judged else []

    def choose_sums(name: str) -> Iterable[Sum]:
        if len(event_type.entities[name]) > 1:
            return pair
        return [*single, *excess] if name == singles[0] else dict.fromkeys([*single, *by_label])

    return HistoryPlan(
        ordered,
        {name: tuple(choose_sums(name)) for name in event_type.entities},
        LabelMaturation.after(event_type.label.delay_s) if event_type.label else None,
        UnusualAmountRule(singles[0], unusual_times, unusual_amount) if judged else None,
        event_type.parents,
    )


def amount_excess(plan: HistoryPlan, events: Events, read: Mapping[str, Floats]) -> Floats:
    """Return how far each amount goes beyond the usual, from 0 to `MAX_EXCESS`, shape (n,), as `excess_of` has it.

    ``read`` maps the judging entity to what the events read from its history, shape (n, k) in the plan's order.
    """
    if plan.unusual is None or events.amounts is None:
        return np.zeros(len(events))
    first = plan.layout.parts[plan.unusual.entity].start
    counts, sums = (read[plan.unusual.entity][:, place - first] for place in plan.excess_places)
    with np.errstate(all="ignore"):
        return cast(Floats, excess_of(COLUMNS, plan.unusual, events.amounts, counts, sums))


def amount_excess_of_one(plan: HistoryPlan, event: Events, sums: Sequence[float]) -> float:
    """Return what `amount_excess` does for one event that read ``sums``, k in the order of the plan's layout."""
    if plan.unusual is None or event.amounts is None:
        return 0.0
    count, amounts = (sums[place] for place in plan.excess_places)
    return cast(float, excess_of(PLAIN, plan.unusual, event.amounts.item(), count, amounts))
