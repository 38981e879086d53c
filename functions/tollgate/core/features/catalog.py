"""Catalog of history features: those that a plan gives, as of the moment before the event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tollgate.core.features.feature import Feature
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.sum_kinds import SumKind

# SumKind of sum → the operations over it, each with its description.
_OF_KIND: Mapping[SumKind, Mapping[str, str]] = {
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
