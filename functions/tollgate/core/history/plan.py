"""History plan: sums over an entity's past that fade with time, kept so that recording an event is pure addition.

A history is ``S(t) = Σ x_i · 2^(−(t − t_i)/h)`` for several x and half-lives h. It is kept *forward* (Cormode,
Shkapenyuk, Srivastava, Xu: "Forward decay", ICDE 2009): what is added is ``x_i · 2^((t_i − L)/h)``, with the landmark L
at the start of the event's epoch of 32 half-lives, and reading divides by ``2^((t − L)/h)``. Two epochs are read: the
event's own, and the one before it, whose weights are 2^32 larger. What is older has faded below 2^-32 and is, by
definition, gone.

What is added is rounded to a whole number of units (`UNITS`). Sums of whole numbers are exact, so neither order nor
repetition of the arithmetic can change a bit, in DynamoDB or here.

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
from typing import Any, Literal, cast

import numpy as np

from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.features.arithmetic import COLUMNS, PLAIN, Arithmetic
from tollgate.core.history.layout import Layout

# n events, a amounts, s squared amounts, u unusually large events, w how far amounts went beyond the usual; f frauds,
# v frauds of an ordinary amount, l legitimate events, each dated when it was known; x, y, z the place.
SumKind = Literal["n", "a", "s", "u", "w", "f", "v", "l", "x", "y", "z"]

EPOCH_HALF_LIVES = 32
OLDER_EPOCH = 2.0**-EPOCH_HALF_LIVES
DAY_S = 86_400.0

# How many units one whole is: a payment to 1/10,000, an amount to the cent, a squared amount to the whole, a place on
# the unit sphere to 6 metres. DynamoDB holds 38 digits (emulators 28); the largest single addition has 26.
UNITS: Mapping[SumKind, float] = {
    **{"n": 1e4, "a": 1e2, "s": 1.0, "u": 1e4, "w": 1e4},
    **{"f": 1e4, "v": 1e4, "l": 1e4},
    **{"x": 1e6, "y": 1e6, "z": 1e6},
}
# Larger amounts count as this much in a history (the event itself keeps its amount).
AMOUNT_CAP = 1e8
_PLACE: tuple[SumKind, SumKind, SumKind] = ("x", "y", "z")
_MAX_OPEN_STEPS = 16
# An entity that has (faded) fewer events than this has no usual amount yet.
_MIN_EVENTS = 3.0
# Excess begins at this share of what is unusually large, and this is the most of it: larger amounts tell no more.
_BEGINS_AT = 0.7
MAX_EXCESS = 9.0


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
class UnusualAmountRule:
    """Which amounts are unusually large: ``times`` what is usual for an entity or more, or above a fixed amount.

    ``entity`` judges, by its mean over the longest half-life once it has made a few events.
    """

    entity: str
    times: float
    amount: float | None = None


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
        return frozenset(entity for entity, sums in self.sums.items() if any(s.kind == "l" for s in sums))

    @cached_property
    def fingerprint(self) -> str:
        """Eight hex digits that change when histories kept under another plan could not be read under this one."""
        plan = {
            "half_lives_s": self.half_lives_s,
            "sums": {entity: [f"{s.kind}{s.half_life}" for s in sums] for entity, sums in sorted(self.sums.items())},
            "units": UNITS,
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
        return replace(self, sums={self.unusual.entity: (Sum("n", longest), Sum("a", longest))})

    @cached_property
    def excess_places(self) -> tuple[int, int]:
        """Where the two sums that amounts are judged by stand in the layout: the count, and the sum of amounts."""
        assert self.unusual is not None
        places, longest = self.layout.places, len(self.half_lives_s) - 1
        return places[self.unusual.entity, "n", longest], places[self.unusual.entity, "a", longest]

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
    single: list[Sum] = [Sum("n", index) for index in every]
    if event_type.amount:
        single += [Sum("a", index) for index in slow] + [Sum("s", index) for index in slow[-2:]]
    if judged:
        single += [Sum("u", index) for index in slow]
    if event_type.label:
        single += [Sum(kind, index) for kind in ("f", "l") for index in slow]
    if event_type.latitude:
        single += [Sum("x", last), Sum("y", last), Sum("z", last)]
    by_label = [Sum(kind, index) for kind in ("v", "l") for index in every] if judged and event_type.label else []
    pair = [Sum("n", index) for index in sorted({0, last})]

    excess = [Sum("w", index) for index in slow[:-1] or slow] if judged else []

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
    """Return how far each amount goes beyond the usual, from 0 to `MAX_EXCESS`, shape (n,): 1 is unusually large.

    It rises from 0, at 70 % of what is unusually large, with the square of the distance, as the evidence against a
    normal habit does, in steps of 1/10,000; an amount above the fixed one has the most. ``read`` maps the judging
    entity to what the events read from its history, shape (n, k) in the plan's order.
    """
    if plan.unusual is None or events.amounts is None:
        return np.zeros(len(events))
    first = plan.layout.parts[plan.unusual.entity].start
    counts, sums = (read[plan.unusual.entity][:, place - first] for place in plan.excess_places)
    with np.errstate(all="ignore"):
        return cast(Floats, _excess(COLUMNS, plan.unusual, events.amounts, counts, sums))


def amount_excess_of_one(plan: HistoryPlan, event: Events, sums: Sequence[float]) -> float:
    """Return what `amount_excess` does for one event that read ``sums``, k in the order of the plan's layout."""
    if plan.unusual is None or event.amounts is None:
        return 0.0
    count, amounts = (sums[place] for place in plan.excess_places)
    return cast(float, _excess(PLAIN, plan.unusual, event.amounts.item(), count, amounts))


def _excess(m: Arithmetic, unusual: UnusualAmountRule, amount: Any, count: Any, amounts: Any) -> Any:  # noqa: ANN401 - columns, or numbers
    # Where refunds are usual the usual amount is nothing, and any payment infinitely more.
    large = m.maximum(amounts, 0.0) * unusual.times
    share = m.where(amount > 0.0, m.divide(amount * count, large), 0.0)
    beyond = m.minimum(m.maximum((share - _BEGINS_AT) / (1.0 - _BEGINS_AT), 0.0), MAX_EXCESS)
    excess = m.minimum(beyond * beyond, MAX_EXCESS)
    # What is not known is not unusual: neither without an amount, nor without a history.
    excess = m.where(count >= _MIN_EVENTS, excess, 0.0)
    excess = m.where(excess == excess, excess, 0.0)  # noqa: PLR0124 - only NaN differs from itself
    if unusual.amount is not None:
        excess = m.where(amount > unusual.amount, MAX_EXCESS, excess)
    return m.rint(excess * UNITS["w"]) / UNITS["w"]


def is_unusual(excess: Floats) -> Floats:
    """Return 1 for events with an unusually large amount, else 0, from what `amount_excess` says, shape (n,)."""
    return cast(Floats, _unusual(COLUMNS, excess))


def is_one_unusual(excess: float) -> float:
    """Return what `is_unusual` does for one event."""
    return cast(float, _unusual(PLAIN, excess))


def _unusual(m: Arithmetic, excess: Any) -> Any:  # noqa: ANN401 - columns, or numbers
    return m.where(excess >= 1.0, 1.0, 0.0)


def weigh(times_s: Floats, half_life_s: float | Floats) -> tuple[Ints, Floats]:
    """Return the epoch of each time and its weight ``2^((t − L)/h)``, between 1 and 2^32."""
    epochs = find_epochs(times_s, half_life_s)
    return epochs, np.exp2((times_s - epochs * (EPOCH_HALF_LIVES * np.asarray(half_life_s))) / half_life_s)


def find_epochs(times_s: Floats, half_life_s: float | Floats) -> Ints:
    """Return the epoch of each time."""
    epochs: Ints = np.floor(times_s / (EPOCH_HALF_LIVES * np.asarray(half_life_s))).astype(np.int64)
    return epochs


def quantise(values: Floats, weights: Floats, kind: SumKind) -> Floats:
    """Return what is added for ``values``: whole numbers of units. A missing value adds nothing."""
    return np.rint(np.where(np.isnan(values), 0.0, values) * weights * UNITS[kind])


def summed_values(events: Events, excess: Floats) -> dict[SumKind, Floats]:
    """Return what each kind of sum adds for each event as it happens, shape (n,); labels add the others."""
    points = None if events.latitudes is None or events.longitudes is None else events.points
    return _summed(COLUMNS, np.ones(len(events)), excess, events.amounts, points)


def summed_numbers(event: Events, excess: float) -> dict[SumKind, float]:
    """Return what `summed_values` does for one event."""
    amount = None if event.amounts is None else event.amounts.item()
    nowhere = event.latitudes is None or event.longitudes is None
    point = None if nowhere else [column.item() for column in event.points]
    return _summed(PLAIN, 1.0, excess, amount, point)


def _summed(m: Arithmetic, n: Any, excess: Any, amount: Any, point: Sequence[Any] | None) -> dict[SumKind, Any]:  # noqa: ANN401 - columns, or numbers
    values: dict[SumKind, Any] = {"n": n, "u": _unusual(m, excess), "w": excess}
    if amount is not None:
        capped = m.minimum(m.maximum(amount, -AMOUNT_CAP), AMOUNT_CAP)
        values |= {"a": capped, "s": capped * capped}
    if point is not None:
        values |= dict(zip(_PLACE, point, strict=True))
    return values
