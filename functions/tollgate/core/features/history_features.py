"""History features: one record for each operation on a history, with its formula, sums, words and unit.

In a formula ``m`` calculates: `numpy`, with sums of shape (n, features), or `scalar_math`, with plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, Literal, TypeAlias

from tollgate.core.features import sentences
from tollgate.core.features.arithmetic import Arithmetic, FormulaInputs
from tollgate.core.features.feature import TOO_FAINT
from tollgate.core.features.sentences import Sentence
from tollgate.core.history.plan import DAY_S, Sum
from tollgate.core.history.sum_kinds import SumKind

EARTH_RADIUS_KM = 6371.0
# Below this a sum holds nothing but what rounding left.
_NOTHING = 1e-6

# Floats, or a float.
Numbers: TypeAlias = Any
# Which half-life a sum is taken over: the feature's own, the plan's longest, or the next longer one that is kept.
Over = Literal["own", "longest", "longer"]
_COMPARED = "Amount compared with this {who}'s usual amount"
_VELOCITY = "Payment velocity of this {who}"
_LARGE = "Unusually large payments with this {who}"
_FRAUD = "Confirmed fraud with this {who}"
_LEGITIMATE = "Confirmed legitimate payments with this {who}"
_DISTANCE = "Distance from this {who}'s usual location"


@dataclass(frozen=True)
class Span:
    """What a formula is given of half-lives, in seconds: the feature's own, the longest, the next longer one.

    Numbers, or arrays of shape (features,). Sums fade at the rate λ = ln 2 / h; ``rate`` is the own half-life's.
    """

    half_life_s: Numbers
    longest_s: Numbers
    rate: Numbers
    longer_rate: Numbers


Formula = Callable[..., Numbers]


def as_it_is_read(_m: Arithmetic, _inputs: FormulaInputs, _span: Span, one: Numbers) -> Numbers:
    """Return a sum that is a feature itself."""
    return one


@dataclass(frozen=True)
class HistoryFeature:
    """Definition of a feature, for each entity and half-life over which its first sum is kept.

    ``formula`` takes (m, inputs, span, *sums); ``sums`` lists those sums, each with its kind and half-life. ``group``
    is the name of the reason that the feature belongs to; {who} in it and in ``description`` stands for the entity.
    ``unit`` is the unit of a fact about the entity alone, "" for a feature that compares the event with the past.
    ``scale`` explains the value 1. An entity that keeps sums of the kind ``unless`` does not have the feature.
    """

    description: str
    group: str
    sentence: Sentence
    sums: tuple[tuple[SumKind, Over], ...] = ()
    formula: Formula = as_it_is_read
    unit: str = ""
    scale: str = ""
    unless: SumKind | None = None

    def half_lives(self, kept: Sequence[Sum], longest: int) -> list[int]:
        """Return the half-lives over which an entity has the feature, of the sums that are kept of it."""
        if any(one.kind == self.unless for one in kept):
            return []
        own = sorted(one.half_life for one in kept if one.kind == self.sums[0][0])
        spans = {over for _, over in self.sums}
        if "longer" in spans:
            return own[:-1]
        if "longest" in spans:
            shorter = [half_life for half_life in own if half_life < longest]
            # A pair keeps fewer: it only shows whether it is new.
            return shorter if len(shorter) == longest else []
        return own


def _counted(m: Arithmetic, count: Numbers) -> Numbers:
    """Return a faded count, NaN where it is too faint to divide by."""
    return m.where(count < TOO_FAINT, nan, count)


def _excess(_m: Arithmetic, inputs: FormulaInputs, _span: Span) -> Numbers:
    return inputs.excess


def _mean_amount(m: Arithmetic, _inputs: FormulaInputs, _span: Span, amounts: Numbers, count: Numbers) -> Numbers:
    return amounts / _counted(m, count)


def _amount_ratio(m: Arithmetic, inputs: FormulaInputs, _span: Span, amounts: Numbers, count: Numbers) -> Numbers:
    # One unit of money keeps the ratio finite for those whose usual payment is nothing.
    return inputs.amount / (abs(amounts / _counted(m, count)) + 1.0)


def _amount_deviation(
    m: Arithmetic, inputs: FormulaInputs, _span: Span, squares: Numbers, amounts: Numbers, count: Numbers
) -> Numbers:
    counted = _counted(m, count)
    mean = amounts / counted
    variance = m.maximum(squares / counted - mean * mean, 0.0)
    return (inputs.amount - mean) / (m.sqrt(variance) + 1.0)


def _fraud_rate(m: Arithmetic, _inputs: FormulaInputs, _span: Span, frauds: Numbers, legitimate: Numbers) -> Numbers:
    # One payment more keeps a single fraud on a quiet entity from being a rate of 100%.
    return m.divide(frauds, frauds + legitimate + 1.0)


def _fraud_share(m: Arithmetic, _inputs: FormulaInputs, _span: Span, frauds: Numbers, legitimate: Numbers) -> Numbers:
    known = frauds + legitimate
    # Over a short half-life this says what the latest label was, however long ago: only nothing at all says nothing.
    return frauds / m.where(known < _NOTHING, nan, known)


def _mean_age_d(m: Arithmetic, _inputs: FormulaInputs, span: Span, one: Numbers, longer: Numbers) -> Numbers:
    """Return how long ago things happened on average, in days, from how fast their sum fades.

    With rates λ = ln 2 / h, the logarithm of S(λ) = Σ exp(−λ · age) falls with λ by the mean age: the slope between a
    half-life and the next longer one that is kept.
    """
    slope = m.log(longer / m.where(one < _NOTHING, nan, one))
    return slope / (span.rate - span.longer_rate) / DAY_S


def _pace(m: Arithmetic, _inputs: FormulaInputs, span: Span, count: Numbers, of_longest: Numbers) -> Numbers:
    usual_rate = _counted(m, of_longest) / span.longest_s
    return count / span.half_life_s / usual_rate


def _distance_km(m: Arithmetic, inputs: FormulaInputs, _span: Span, x: Numbers, y: Numbers, z: Numbers) -> Numbers:
    length = m.sqrt(x * x + y * y + z * z)
    length = m.where(length < TOO_FAINT, nan, length)
    here_x, here_y, here_z = inputs.point
    dx, dy, dz = here_x - x / length, here_y - y / length, here_z - z / length
    # The chord is exact for small distances, where the arc cosine of a dot product is not.
    chord = m.sqrt(dx * dx + dy * dy + dz * dz)
    return 2 * m.arcsin(m.minimum(chord / 2, 1.0)) * EARTH_RADIUS_KM


def _own(*kinds: SumKind) -> tuple[tuple[SumKind, Over], ...]:
    return tuple((kind, "own") for kind in kinds)


_amount = sentences.compare_amount
_velocity = sentences.velocity(SumKind.COUNT)
_large = sentences.counted(SumKind.UNUSUAL, "unusually large")
_legitimate = sentences.counted(SumKind.LEGITIMATE, "confirmed legitimate")
_fraud = sentences.confirmed_fraud(SumKind.FRAUD, SumKind.LEGITIMATE)
_ordinary = sentences.confirmed_fraud(SumKind.ORDINARY_FRAUD, SumKind.LEGITIMATE, " with an ordinary amount")

# In the order in which an entity has them. The one without sums is of the entity that judges amounts.
HISTORY_FEATURES: Mapping[str, HistoryFeature] = {
    "excess": HistoryFeature(
        "How far the amount is above the usual amount of this {who}",
        *(_COMPARED, _amount, (), _excess),
        scale="1 is unusually large",
    ),
    "count": HistoryFeature(
        "Recent payments with this {who}", _VELOCITY, _velocity, _own(SumKind.COUNT), unit="events"
    ),
    "mean_amount": HistoryFeature(
        "Usual amount of this {who}",
        _COMPARED,
        _amount,
        _own(SumKind.AMOUNT, SumKind.COUNT),
        _mean_amount,
        unit="amount",
    ),
    "amount_ratio": HistoryFeature(
        "Amount divided by the usual amount of this {who}",
        *(_COMPARED, _amount, _own(SumKind.AMOUNT, SumKind.COUNT), _amount_ratio),
        scale="1 is usual",
    ),
    "amount_deviation": HistoryFeature(
        "Distance of the amount from the usual amount of this {who}, in standard deviations",
        *(_COMPARED, _amount, _own(SumKind.SQUARED_AMOUNT, SumKind.AMOUNT, SumKind.COUNT), _amount_deviation),
    ),
    "unusual_count": HistoryFeature(
        "Recent unusually large payments with this {who}", _LARGE, _large, _own(SumKind.UNUSUAL), unit="events"
    ),
    "unusual_age": HistoryFeature(
        "Average age of unusually large payments with this {who}, in days",
        *(_LARGE, _large, ((SumKind.UNUSUAL, "own"), (SumKind.UNUSUAL, "longer")), _mean_age_d),
        unit="days",
    ),
    "excess_lately": HistoryFeature(
        "Sum of how far recent amounts with this {who} were above the usual amount",
        *(_LARGE, sentences.excess_amounts(SumKind.EXCESS), _own(SumKind.EXCESS)),
    ),
    "fraud_rate": HistoryFeature(
        "Share of payments with this {who} that were confirmed as fraud",
        *(_FRAUD, _fraud, _own(SumKind.FRAUD, SumKind.LEGITIMATE), _fraud_rate),
        unit="share",
        unless=SumKind.ORDINARY_FRAUD,  # the rate of frauds of ordinary amounts says more
    ),
    "fraud_count": HistoryFeature(
        "Recent payments with this {who} that were confirmed as fraud",
        _FRAUD,
        _fraud,
        _own(SumKind.FRAUD),
        unit="events",
    ),
    "ordinary_fraud_count": HistoryFeature(
        "Recent payments with this {who} that were confirmed as fraud with an ordinary amount",
        *(_FRAUD, _ordinary, _own(SumKind.ORDINARY_FRAUD)),
        unit="events",
    ),
    "ordinary_fraud_rate": HistoryFeature(
        "Share of payments with this {who} that were confirmed as fraud with an ordinary amount",
        *(_FRAUD, _ordinary, _own(SumKind.ORDINARY_FRAUD, SumKind.LEGITIMATE), _fraud_rate),
        unit="share",
    ),
    "ordinary_fraud_share": HistoryFeature(
        "Share of fraud with an ordinary amount among the latest known outcomes of this {who}",
        *(_FRAUD, _ordinary, _own(SumKind.ORDINARY_FRAUD, SumKind.LEGITIMATE), _fraud_share),
    ),
    "ordinary_fraud_age": HistoryFeature(
        "Average time since fraud with an ordinary amount was confirmed for this {who}, in days",
        *(_FRAUD, _ordinary, ((SumKind.ORDINARY_FRAUD, "own"), (SumKind.ORDINARY_FRAUD, "longer")), _mean_age_d),
        unit="days",
    ),
    "legitimate_count": HistoryFeature(
        "Recent payments with this {who} that were confirmed legitimate",
        *(_LEGITIMATE, _legitimate, _own(SumKind.LEGITIMATE)),
        unit="events",
    ),
    "distance_km": HistoryFeature(
        "Distance from the usual location of this {who}, in kilometers",
        *(_DISTANCE, sentences.distance, _own(SumKind.X, SumKind.Y, SumKind.Z), _distance_km),
        unit="km",
    ),
    "pace": HistoryFeature(
        "Rate of payments with this {who}, compared with the usual rate",
        *(_VELOCITY, _velocity, ((SumKind.COUNT, "own"), (SumKind.COUNT, "longest")), _pace),
        scale="1 is usual",
    ),
}
