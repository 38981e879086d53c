"""Formulas of history features over their sums, written once for columns of events and for a single one.

In a formula ``m`` calculates: `numpy`, with sums of shape (n, features), or `scalar_math`, with plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any, Literal, TypeAlias

from tollgate.core.features.arithmetic import Arithmetic
from tollgate.core.features.formula_inputs import FormulaInputs
from tollgate.core.history.plan import DAY_S
from tollgate.core.history.sum_kinds import SumKind

EARTH_RADIUS_KM = 6371.0
# A history that has faded to less than this share of one payment says nothing about what is usual.
_TOO_FAINT = 0.01
# Below this a sum holds nothing but what rounding left.
_NOTHING = 1e-6

# Floats, or a float.
Numbers: TypeAlias = Any
# Which half-life a sum is taken over: the feature's own, the plan's longest, or the next longer one that is kept.
Over = Literal["own", "longest", "longer"]


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


@dataclass(frozen=True)
class HistoryOperation:
    """A formula of (m, given, span, *sums), and which sums it takes, in this order: kind, and over which half-life."""

    formula: Formula
    sums: tuple[tuple[SumKind, Over], ...] = ()


def _counted(m: Arithmetic, count: Numbers) -> Numbers:
    """Return a faded count, NaN where it is too faint to divide by."""
    return m.where(count < _TOO_FAINT, nan, count)


def _same(_m: Arithmetic, _inputs: FormulaInputs, _span: Span, one: Numbers) -> Numbers:
    return one


def _excess(_m: Arithmetic, inputs: FormulaInputs, _span: Span) -> Numbers:
    return inputs.excess


def _mean_amount(m: Arithmetic, _inputs: FormulaInputs, _span: Span, amounts: Numbers, count: Numbers) -> Numbers:
    return amounts / _counted(m, count)


def _amount_ratio(m: Arithmetic, inputs: FormulaInputs, _span: Span, amounts: Numbers, count: Numbers) -> Numbers:
    # One unit of money keeps the ratio finite for those whose usual payment is nothing.
    return inputs.amount / (abs(amounts / _counted(m, count)) + 1.0)


def _amount_deviation(
    m: Arithmetic, inputs: FormulaInputs, _span: Span, amounts: Numbers, squares: Numbers, count: Numbers
) -> Numbers:
    counted = _counted(m, count)
    mean = amounts / counted
    variance = m.maximum(squares / counted - mean * mean, 0.0)
    return (inputs.amount - mean) / (m.sqrt(variance) + 1.0)


def _fraud_rate(m: Arithmetic, _inputs: FormulaInputs, _span: Span, frauds: Numbers, legitimate: Numbers) -> Numbers:
    # One payment more keeps a single fraud on a quiet entity from being a rate of 100 %.
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
    length = m.where(length < _TOO_FAINT, nan, length)
    here_x, here_y, here_z = inputs.point
    dx, dy, dz = here_x - x / length, here_y - y / length, here_z - z / length
    # The chord is exact for small distances, where the arc cosine of a dot product is not.
    chord = m.sqrt(dx * dx + dy * dy + dz * dz)
    return 2 * m.arcsin(m.minimum(chord / 2, 1.0)) * EARTH_RADIUS_KM


# These are sums as they are read.
PLAIN_SUMS: Mapping[str, SumKind] = {
    "count": "n",
    "excess_lately": "w",
    "unusual_count": "u",
    "fraud_count": "f",
    "ordinary_fraud_count": "v",
    "legitimate_count": "l",
}
HISTORY_OPERATIONS: Mapping[str, HistoryOperation] = {
    **{operation: HistoryOperation(_same, ((kind, "own"),)) for operation, kind in PLAIN_SUMS.items()},
    "mean_amount": HistoryOperation(_mean_amount, (("a", "own"), ("n", "own"))),
    "amount_ratio": HistoryOperation(_amount_ratio, (("a", "own"), ("n", "own"))),
    "amount_deviation": HistoryOperation(_amount_deviation, (("a", "own"), ("s", "own"), ("n", "own"))),
    "excess": HistoryOperation(_excess),
    "unusual_age": HistoryOperation(_mean_age_d, (("u", "own"), ("u", "longer"))),
    "fraud_rate": HistoryOperation(_fraud_rate, (("f", "own"), ("l", "own"))),
    "ordinary_fraud_rate": HistoryOperation(_fraud_rate, (("v", "own"), ("l", "own"))),
    "ordinary_fraud_share": HistoryOperation(_fraud_share, (("v", "own"), ("l", "own"))),
    "ordinary_fraud_age": HistoryOperation(_mean_age_d, (("v", "own"), ("v", "longer"))),
    "pace": HistoryOperation(_pace, (("n", "own"), ("n", "longest"))),
    "distance_km": HistoryOperation(_distance_km, (("x", "own"), ("y", "own"), ("z", "own"))),
}
