"""Sentences that compare an event with the past of one of its entities."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tollgate.core.explanations.context import EventContext
from tollgate.core.features.feature import Feature
from tollgate.core.history.sum_kinds import SumKind

Sentence = Callable[[EventContext, Feature], str]

# A history that has faded to less than this is not remembered: what is usual is not told from it either.
_TOO_FAINT = 0.01
# Less of another faded sum than this would be written as 0.0.
_NOTHING = 0.05


def compare_amount(here: EventContext, entity: str, half_life: int) -> str:
    """Say how the amount compares with what is usual for an entity."""
    amount, who = here.amount, here.who(entity)
    if math.isnan(amount):
        return "The payment has no amount."
    usual = here.read(entity, "mean_amount", half_life)
    if math.isnan(usual):
        return f"Amount is {amount:,.2f}; this {who} has too little history to tell what is usual."
    if usual <= 0 or amount <= 0:
        return f"Amount is {amount:,.2f}, where this {who}'s usual is {usual:,.2f}."
    times = amount / usual
    if 0.95 <= times < 1.05:
        return f"Amount {amount:,.2f} is about this {who}'s usual {usual:,.2f}."
    compared = f"{_rounded(times)} times" if times > 1 else f"{times:.0%} of"
    return f"Amount {amount:,.2f} is {compared} this {who}'s usual {usual:,.2f}."


def _rounded(factor: float) -> str:
    return f"{factor:,.1f}" if factor < 100 else f"{factor:,.0f}"


def _amount(here: EventContext, feature: Feature) -> str:
    return compare_amount(here, feature.source, feature.half_life)


def _payments(here: EventContext, feature: Feature) -> str:
    entity, who, longest = feature.source, here.who(feature.source), len(here.context.lengths) - 1
    remembered = longest if here.keeps(entity, "n", longest) else feature.half_life
    if here.sum_of(entity, "n", remembered) < _TOO_FAINT:
        return f"No payment of this {who} before this one is remembered."
    if remembered == feature.half_life:
        count, length = here.sum_of(entity, "n", remembered), here.length(remembered)
        return f"{count:,.1f} payments of this {who} are remembered, each fading by half in {length}."
    pace = here.read(entity, "pace", feature.half_life)
    length = here.length(feature.half_life)
    if pace < 0.01:
        return f"Hardly any payment of this {who} lately, fewer than usual (half-life {length})."
    compared = f"{_rounded(pace)} times" if pace >= 1 else f"{pace:.0%} of"
    return f"Payments of this {who} come at {compared} the usual pace (half-life {length})."


def _lately(kind: SumKind, nothing: str, something: str) -> Sentence:
    """Return a sentence on one sum: what is said where it holds nothing, and where it does."""

    def say(here: EventContext, feature: Feature) -> str:
        found = here.sum_of(feature.source, kind, feature.half_life)
        words = nothing if found < _NOTHING else something
        return words.format(who=here.who(feature.source), sum=f"{found:,.1f}", length=here.length(feature.half_life))

    return say


_large_payments = _lately(
    "u",
    "No unusually large payment of this {who} lately (half-life {length}).",
    "{sum} unusually large payments of this {who} lately (half-life {length}).",
)
_excess = _lately(
    "w",
    "No amount of this {who} went beyond its usual lately (half-life {length}).",
    "Amounts of this {who} went beyond its usual lately, as {sum} large ones do (half-life {length}).",
)
_legitimate = _lately(
    "l",
    "No payment of this {who} proved legitimate lately (half-life {length}).",
    "{sum} payments of this {who} proved legitimate lately (half-life {length}).",
)


def _frauds(here: EventContext, feature: Feature) -> str:
    entity, who, half_life = feature.source, here.who(feature.source), feature.half_life
    ordinary = feature.operation.startswith("ordinary_")
    of_kind = " of ordinary amounts" if ordinary else ""
    frauds = here.sum_of(entity, "v" if ordinary else "f", half_life)
    length = here.length(half_life)
    if frauds < _NOTHING:
        return f"No fraud{of_kind} of this {who} became known lately (half-life {length})."
    if not here.keeps(entity, "l", half_life):
        return f"{frauds:,.1f} frauds{of_kind} of this {who} became known lately (half-life {length})."
    share = frauds / (frauds + max(here.sum_of(entity, "l", half_life), 0.0))
    return f"{share:.1%} of this {who}'s payments with a known end were frauds{of_kind} (half-life {length})."


def _distance(here: EventContext, feature: Feature) -> str:
    who, distance_km = here.who(feature.source), here.read(feature.source, "distance_km", feature.half_life)
    if math.isnan(distance_km):
        return f"The place of the payment, or this {who}'s usual place, is not known."
    return f"The payment is {distance_km:,.0f} km from this {who}'s usual place."


HISTORY_SENTENCES: Mapping[str, Sentence] = {
    "mean_amount": _amount,
    "amount_ratio": _amount,
    "amount_deviation": _amount,
    "excess": _amount,
    "excess_lately": _excess,
    "count": _payments,
    "pace": _payments,
    "unusual_count": _large_payments,
    "unusual_age": _large_payments,
    "fraud_rate": _frauds,
    "fraud_count": _frauds,
    "ordinary_fraud_count": _frauds,
    "ordinary_fraud_rate": _frauds,
    "ordinary_fraud_share": _frauds,
    "ordinary_fraud_age": _frauds,
    "legitimate_count": _legitimate,
    "distance_km": _distance,
}
