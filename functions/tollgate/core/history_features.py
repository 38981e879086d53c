"""Features read from the history of one entity, as of the moment before the event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.event import Events, Floats
from tollgate.core.feature import Feature
from tollgate.core.history import DAY_S, HistoryPlan, Kind, judge_amounts, unit_sphere

EARTH_RADIUS_KM = 6371.0
# A history that has faded to less than this share of one payment says nothing about what is usual.
_TOO_FAINT = 0.01
# Below this a sum holds nothing but what rounding left.
_NOTHING = 1e-6


@dataclass(frozen=True)
class HistoryReading:
    """What n events read from the history of one entity: ``sums`` has shape (n, k), in the plan's order."""

    plan: HistoryPlan
    entity: str
    sums: Floats

    def of(self, kind: Kind, half_lives: Sequence[int]) -> Floats:
        """Return the sums of one kind, shape (n, len(half_lives))."""
        places = {(s.kind, s.half_life): place for place, s in enumerate(self.plan.sums[self.entity])}
        return self.sums[:, [places[kind, half_life] for half_life in half_lives]]

    def counted(self, half_lives: Sequence[int]) -> Floats:
        """Return the faded counts, NaN where they are too faint to divide by."""
        counts = self.of("n", half_lives)
        return np.where(counts < _TOO_FAINT, np.nan, counts)


HistoryOperation = Callable[[HistoryReading, Sequence[int], Events], Floats]


def _count(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    return reading.of("n", half_lives)


def _mean_amount(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    return reading.of("a", half_lives) / reading.counted(half_lives)


def _amount_ratio(reading: HistoryReading, half_lives: Sequence[int], events: Events) -> Floats:
    assert events.amounts is not None
    # One unit of money keeps the ratio finite for those whose usual payment is nothing.
    ratio: Floats = events.amounts[:, None] / (np.abs(_mean_amount(reading, half_lives, events)) + 1.0)
    return ratio


def _amount_deviation(reading: HistoryReading, half_lives: Sequence[int], events: Events) -> Floats:
    assert events.amounts is not None
    counts = reading.counted(half_lives)
    mean = reading.of("a", half_lives) / counts
    variance = np.maximum(reading.of("s", half_lives) / counts - mean * mean, 0.0)
    return (events.amounts[:, None] - mean) / (np.sqrt(variance) + 1.0)


def _excess(reading: HistoryReading, _half_lives: Sequence[int], events: Events) -> Floats:
    return judge_amounts(reading.plan, events, {reading.entity: reading.sums})[:, None]


def _excess_lately(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    return reading.of("w", half_lives)


def _unusual_count(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    return reading.of("u", half_lives)


def _fraud_count(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    return reading.of("f", half_lives)


def _fraud_rate(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    frauds = reading.of("f", half_lives)
    # One payment more keeps a single fraud on a quiet entity from being a rate of 100 %.
    return frauds / (frauds + reading.of("l", half_lives) + 1.0)


def _ordinary_fraud_count(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    return reading.of("v", half_lives)


def _ordinary_fraud_rate(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    frauds = reading.of("v", half_lives)
    return frauds / (frauds + reading.of("l", half_lives) + 1.0)


def _ordinary_fraud_share(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    frauds = reading.of("v", half_lives)
    known = frauds + reading.of("l", half_lives)
    # Over a short half-life this says what the latest label was, however long ago: only nothing at all says nothing.
    return frauds / np.where(known < _NOTHING, np.nan, known)


def _ordinary_fraud_age(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    return _mean_age_d(reading, "v", half_lives)


def _unusual_age(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    return _mean_age_d(reading, "u", half_lives)


def _mean_age_d(reading: HistoryReading, kind: Kind, half_lives: Sequence[int]) -> Floats:
    """Return how long ago things happened on average, in days, from how fast their sum fades.

    With rates λ = ln 2 / h, the logarithm of S(λ) = Σ exp(−λ · age) falls with λ by the mean age: the slope between a
    half-life and the next longer one that is kept.
    """
    kept = sorted(s.half_life for s in reading.plan.sums[reading.entity] if s.kind == kind)
    longer = [kept[kept.index(index) + 1] for index in half_lives]
    rates = np.log(2) / np.array(reading.plan.half_lives_s)
    sums = reading.of(kind, half_lives)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.log(reading.of(kind, longer) / np.where(sums < _NOTHING, np.nan, sums))
    age_s: Floats = slope / (rates[list(half_lives)] - rates[longer])
    return age_s / DAY_S


def _legitimate_count(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    return reading.of("l", half_lives)


def _pace(reading: HistoryReading, half_lives: Sequence[int], _events: Events) -> Floats:
    longest = len(reading.plan.half_lives_s) - 1
    spans = np.array(reading.plan.half_lives_s)
    usual_rate = reading.counted([longest]) / spans[longest]
    pace: Floats = reading.of("n", half_lives) / spans[list(half_lives)] / usual_rate
    return pace


def _distance_km(reading: HistoryReading, half_lives: Sequence[int], events: Events) -> Floats:
    assert events.latitudes is not None
    assert events.longitudes is not None
    here = np.stack(unit_sphere(events.latitudes, events.longitudes), axis=1)
    there = np.concatenate([reading.of(kind, half_lives) for kind in ("x", "y", "z")], axis=1)
    length = np.sqrt((there * there).sum(axis=1))
    length = np.where(length < _TOO_FAINT, np.nan, length)
    # The chord is exact for small distances, where the arc cosine of a dot product is not.
    chord: Floats = np.sqrt(((here - there / length[:, None]) ** 2).sum(axis=1))
    arc: Floats = 2 * np.arcsin(np.minimum(chord / 2, 1.0))
    return np.multiply(arc, EARTH_RADIUS_KM)[:, None]


HISTORY_OPERATIONS: Mapping[str, HistoryOperation] = {
    "count": _count,
    "mean_amount": _mean_amount,
    "amount_ratio": _amount_ratio,
    "amount_deviation": _amount_deviation,
    "excess": _excess,
    "excess_lately": _excess_lately,
    "unusual_count": _unusual_count,
    "unusual_age": _unusual_age,
    "fraud_rate": _fraud_rate,
    "fraud_count": _fraud_count,
    "ordinary_fraud_count": _ordinary_fraud_count,
    "ordinary_fraud_rate": _ordinary_fraud_rate,
    "ordinary_fraud_share": _ordinary_fraud_share,
    "ordinary_fraud_age": _ordinary_fraud_age,
    "legitimate_count": _legitimate_count,
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
