"""Features read from the histories of entities, as of the moment before the event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tollgate.core.event import Events, Floats, Ints
from tollgate.core.feature import Feature
from tollgate.core.history import DAY_S, HistoryPlan, Kind, judge_amounts

Table = TypeVar("Table", Floats, npt.NDArray[np.float32])

EARTH_RADIUS_KM = 6371.0
# A history that has faded to less than this share of one payment says nothing about what is usual.
_TOO_FAINT = 0.01
# Below this a sum holds nothing but what rounding left.
_NOTHING = 1e-6


@dataclass(frozen=True, eq=False)
class Asked:
    """What m features of one operation ask for: an entity and the index of a half-life each."""

    plan: HistoryPlan
    pairs: tuple[tuple[str, int], ...]
    _places: dict[Kind, Ints] = field(default_factory=dict, init=False)
    _longer: dict[Kind, Asked] = field(default_factory=dict, init=False)

    def places(self, kind: Kind) -> Ints:
        """Return where the sums of one kind stand in the plan's layout, shape (m,)."""
        if kind not in self._places:
            places = self.plan.layout.places
            self._places[kind] = np.array([places[entity, kind, index] for entity, index in self.pairs], dtype=np.int64)
        return self._places[kind]

    @cached_property
    def half_lives_s(self) -> Floats:
        """The half-lives, shape (m,)."""
        return self.plan.layout.half_lives_s[[index for _, index in self.pairs]]

    @cached_property
    def rates(self) -> Floats:
        """How fast the sums fade, λ = ln 2 / h, shape (m,)."""
        rates: Floats = np.log(2) / self.half_lives_s
        return rates

    @cached_property
    def longest(self) -> Asked:
        """The same entities over the longest half-life."""
        last = len(self.plan.half_lives_s) - 1
        return Asked(self.plan, tuple((entity, last) for entity, _ in self.pairs))

    def longer(self, kind: Kind) -> Asked:
        """Return the same entities, each over the next longer half-life that its sums of one kind have."""
        if kind not in self._longer:
            kept = {e: sorted(s.half_life for s in self.plan.sums[e] if s.kind == kind) for e, _ in self.pairs}
            pairs = ((e, kept[e][kept[e].index(index) + 1]) for e, index in self.pairs)
            self._longer[kind] = Asked(self.plan, tuple(pairs))
        return self._longer[kind]


@dataclass(frozen=True)
class HistoryReading:
    """What n events read from their histories.

    ``sums`` has shape (n, k), in the order of the plan's layout; ``excess``, shape (n,), is what `judge_amounts` says.
    """

    sums: Floats
    excess: Floats

    @classmethod
    def of(cls, plan: HistoryPlan, events: Events, reads: Mapping[str, Floats]) -> HistoryReading:
        """Put what was read from each entity side by side, and judge the amounts by it."""
        return cls.part(plan, reads, judge_amounts(plan, events, reads), 0, len(events))

    @classmethod
    def part(
        cls, plan: HistoryPlan, reads: Mapping[str, Floats], excess: Floats, start: int, stop: int
    ) -> HistoryReading:
        """Put side by side what the events from ``start`` to before ``stop`` read, and what was judged of them."""
        if not plan.sums:
            return cls(np.empty((stop - start, 0)), excess[start:stop])
        return cls(np.concatenate([reads[entity][start:stop] for entity in plan.sums], axis=1), excess[start:stop])

    def sum(self, kind: Kind, asked: Asked) -> Floats:
        """Return the sums of one kind, shape (n, m)."""
        return take_columns(self.sums, asked.places(kind))

    def counted(self, asked: Asked) -> Floats:
        """Return the faded counts, NaN where they are too faint to divide by, shape (n, m)."""
        counts = self.sum("n", asked)
        return np.where(counts < _TOO_FAINT, np.nan, counts)


def take_columns(table: Table, places: Ints) -> Table:
    """Return columns of a table, side by side as they are there: those of a file lie one behind the other."""
    return table.take(places, axis=1) if table.flags.c_contiguous else table.T.take(places, axis=0).T


HistoryOperation = Callable[[HistoryReading, Asked, Events], Floats]


def _sum_of(kind: Kind) -> HistoryOperation:
    return lambda reading, asked, _events: reading.sum(kind, asked)


def _mean_amount(reading: HistoryReading, asked: Asked, _events: Events) -> Floats:
    return reading.sum("a", asked) / reading.counted(asked)


def _amount_ratio(reading: HistoryReading, asked: Asked, events: Events) -> Floats:
    assert events.amounts is not None
    # One unit of money keeps the ratio finite for those whose usual payment is nothing.
    ratio: Floats = events.amounts[:, None] / (np.abs(_mean_amount(reading, asked, events)) + 1.0)
    return ratio


def _amount_deviation(reading: HistoryReading, asked: Asked, events: Events) -> Floats:
    assert events.amounts is not None
    counts = reading.counted(asked)
    mean = reading.sum("a", asked) / counts
    variance = np.maximum(reading.sum("s", asked) / counts - mean * mean, 0.0)
    return (events.amounts[:, None] - mean) / (np.sqrt(variance) + 1.0)


def _excess(reading: HistoryReading, _asked: Asked, _events: Events) -> Floats:
    return reading.excess[:, None]


def _rate_of(kind: Kind) -> HistoryOperation:
    def rate(reading: HistoryReading, asked: Asked, _events: Events) -> Floats:
        frauds = reading.sum(kind, asked)
        # One payment more keeps a single fraud on a quiet entity from being a rate of 100 %.
        return frauds / (frauds + reading.sum("l", asked) + 1.0)

    return rate


def _ordinary_fraud_share(reading: HistoryReading, asked: Asked, _events: Events) -> Floats:
    frauds = reading.sum("v", asked)
    known = frauds + reading.sum("l", asked)
    # Over a short half-life this says what the latest label was, however long ago: only nothing at all says nothing.
    return frauds / np.where(known < _NOTHING, np.nan, known)


def _mean_age_d_of(kind: Kind) -> HistoryOperation:
    """Return how long ago things happened on average, in days, from how fast their sum fades.

    With rates λ = ln 2 / h, the logarithm of S(λ) = Σ exp(−λ · age) falls with λ by the mean age: the slope between a
    half-life and the next longer one that is kept.
    """

    def mean_age_d(reading: HistoryReading, asked: Asked, _events: Events) -> Floats:
        longer, sums = asked.longer(kind), reading.sum(kind, asked)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = np.log(reading.sum(kind, longer) / np.where(sums < _NOTHING, np.nan, sums))
        age_s: Floats = slope / (asked.rates - longer.rates)
        return age_s / DAY_S

    return mean_age_d


def _pace(reading: HistoryReading, asked: Asked, _events: Events) -> Floats:
    usual_rate = reading.counted(asked.longest) / asked.longest.half_lives_s
    pace: Floats = reading.sum("n", asked) / asked.half_lives_s / usual_rate
    return pace


def _distance_km(reading: HistoryReading, asked: Asked, events: Events) -> Floats:
    here = events.points
    kinds: tuple[Kind, Kind, Kind] = ("x", "y", "z")
    there = [reading.sum(kind, asked) for kind in kinds]
    length = np.sqrt(there[0] * there[0] + there[1] * there[1] + there[2] * there[2])
    length = np.where(length < _TOO_FAINT, np.nan, length)
    apart = [one[:, None] - other / length for one, other in zip(here, there, strict=True)]
    # The chord is exact for small distances, where the arc cosine of a dot product is not.
    chord: Floats = np.sqrt(apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2])
    arc: Floats = 2 * np.arcsin(np.minimum(chord / 2, 1.0))
    return arc * EARTH_RADIUS_KM


# These are sums as they are read.
PLAIN_SUMS: Mapping[str, Kind] = {
    "count": "n",
    "excess_lately": "w",
    "unusual_count": "u",
    "fraud_count": "f",
    "ordinary_fraud_count": "v",
    "legitimate_count": "l",
}
HISTORY_OPERATIONS: Mapping[str, HistoryOperation] = {
    **{operation: _sum_of(kind) for operation, kind in PLAIN_SUMS.items()},
    "mean_amount": _mean_amount,
    "amount_ratio": _amount_ratio,
    "amount_deviation": _amount_deviation,
    "excess": _excess,
    "unusual_age": _mean_age_d_of("u"),
    "fraud_rate": _rate_of("f"),
    "ordinary_fraud_rate": _rate_of("v"),
    "ordinary_fraud_share": _ordinary_fraud_share,
    "ordinary_fraud_age": _mean_age_d_of("v"),
    "pace": _pace,
    "distance_km": _distance_km,
}

# Kind of sum → the operations over it, each with its description.
_OF_KIND: Mapping[Kind, Mapping[str, str]] = {
    "n": {"count": "Payments of this {entity} lately"},
    "a": {
        "mean_amount": "Usual amount at this {entity}",
        "amount_ratio": "Amount compared with the usual amount at this {entity} (1 is usual)",
    },
    "s": {"amount_deviation": "How many of its usual deviations the amount is from what is usual at this {entity}"},
    "u": {
        "unusual_count": "Unusually large payments of this {entity} lately",
        "unusual_age": "Days since the unusually large payments of this {entity}, on average",
    },
    "w": {"excess_lately": "How far amounts of this {entity} went beyond the usual lately, summed"},
    "f": {
        "fraud_rate": "Share of this {entity}'s payments that became known as fraud",
        "fraud_count": "Frauds of this {entity} that became known lately",
    },
    "v": {
        "ordinary_fraud_count": "Frauds of ordinary amounts of this {entity} that became known lately",
        "ordinary_fraud_rate": "Share of this {entity}'s payments that became known as frauds of ordinary amounts",
        "ordinary_fraud_share": "Frauds of ordinary amounts among the latest labels of this {entity}",
        "ordinary_fraud_age": "Days since the frauds of ordinary amounts of this {entity} became known, on average",
    },
    "l": {"legitimate_count": "Payments of this {entity} that proved legitimate lately"},
    "x": {"distance_km": "Kilometres from the place where this {entity} usually is"},
}
# These need the next longer half-life beside their own.
_BETWEEN_TWO = ("unusual_age", "ordinary_fraud_age")


def span(seconds: float) -> str:
    """Return a half-life as it is written in names: 1h, 7d, 90s."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s"


def plan_history_features(plan: HistoryPlan) -> Iterator[Feature]:
    """Yield the features that the sums of each entity allow."""
    if plan.unusual is not None:
        yield _excess_of(plan.unusual.entity, len(plan.half_lives_s) - 1)
    for entity, sums in plan.sums.items():
        for kind, operations in _OF_KIND.items():
            half_lives = sorted(s.half_life for s in sums if s.kind == kind)
            for operation, description in operations.items():
                if operation == "fraud_rate" and any(s.kind == "v" for s in sums):
                    continue  # the rate of frauds of ordinary amounts says more
                for index in half_lives[:-1] if operation in _BETWEEN_TWO else half_lives:
                    yield _feature(plan, entity, operation, description, index)
        quick = [s.half_life for s in sums if s.kind == "n" and s.half_life < len(plan.half_lives_s) - 1]
        if len(quick) + 1 < len(plan.half_lives_s):
            continue  # a pair is there to tell whether it is new
        for index in quick:
            yield _feature(plan, entity, "pace", "How much faster payments of this {entity} come than usual", index)


def _excess_of(entity: str, longest: int) -> Feature:
    beyond = f"How far the amount goes beyond what is usual for this {entity.replace('_', ' ')} (1 is unusually large)"
    return Feature(f"{entity}_excess", beyond, "excess", entity, longest)


def _feature(plan: HistoryPlan, entity: str, operation: str, description: str, index: int) -> Feature:
    length = span(plan.half_lives_s[index])
    unit = "; 1 is usual" if operation == "pace" else ""
    text = f"{description.format(entity=entity.replace('_', ' '))} (half-life {length}{unit})"
    return Feature(f"{entity}_{operation}_{length}", text, operation, entity, index)
