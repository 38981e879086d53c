"""Sentences of reasons: the value of a feature, beside what is usual."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tollgate.core.explanations.context import EventContext
from tollgate.core.explanations.history_sentences import HISTORY_SENTENCES, compare_amount
from tollgate.core.features.feature import Feature

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def say_reason(here: EventContext, place: int) -> str:
    """Return the sentence of the feature at ``place``, the one that says most in its group."""
    feature = here.context.features[place]
    if feature.half_life >= 0 and feature.operation in HISTORY_SENTENCES:
        if here.lacks(feature.source):
            return f"The payment does not say its {here.who(feature.source)}."
        return HISTORY_SENTENCES[feature.operation](here, feature)
    if feature.half_life < 0 and feature.operation in _EVENT_SENTENCES:
        return _EVENT_SENTENCES[feature.operation](here, feature)
    value = float(here.context.values[here.row, place])
    return f"{feature.description}: {'not known' if math.isnan(value) else f'{value:,.6g}'}."


def _amount(here: EventContext, _feature: Feature) -> str:
    entity = next((entity for entity, sums in here.context.plan.sums.items() if any(s.kind == "a" for s in sums)), None)
    if math.isnan(here.amount):
        return "The payment has no amount."
    if entity is None or here.lacks(entity):
        return f"Amount is {here.amount:,.2f}."
    return compare_amount(here, entity, max(s.half_life for s in here.context.plan.sums[entity] if s.kind == "a"))


def _hour(here: EventContext, _feature: Feature) -> str:
    minutes = here.time_us // 60_000_000 % 1440
    return f"The payment was made at {minutes // 60:02}:{minutes % 60:02} UTC."


def _weekday(here: EventContext, _feature: Feature) -> str:
    # 1 January 1970 was a Thursday.
    return f"The payment was made on a {_DAYS[(here.time_us // 86_400_000_000 + 3) % 7]} (UTC)."


def _number(here: EventContext, feature: Feature) -> str:
    value = here.number(feature.source)
    if math.isnan(value):
        return f"{feature.source} is missing."
    if feature.source in here.context.event_type.boolean:
        return f"{feature.source} is {'true' if value else 'false'}."
    return f"{feature.source} is {value:,.6g}."


def _category(here: EventContext, feature: Feature) -> str:
    column = feature.source
    value = here.category(column)
    if value is None:
        return f"{column} is missing."
    shares = here.context.shares.get(column, {})
    if value not in shares:
        return f"{column} is {value}, which training has not seen."
    return f"{column} is {value}, as in {shares[value]:.1%} of payments in training."


_EVENT_SENTENCES: Mapping[str, Callable[[EventContext, Feature], str]] = {
    "amount": _amount,
    "log_amount": _amount,
    "hour": _hour,
    "weekday": _weekday,
    "number": _number,
    "is_category": _category,
    "share": _category,
}
