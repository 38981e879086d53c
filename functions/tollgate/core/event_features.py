"""Features that need nothing but the event itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from tollgate.core.event import Events, Floats
from tollgate.core.event_type import EventType
from tollgate.core.feature import Feature

_DAY_US = 86_400_000_000
# Up to this many categories are told apart one by one; all of them by how common they are.
TOLD_APART = 20

EventOperation = Callable[[Events, str, Sequence[Feature]], Floats]


def _amount(events: Events, _column: str, _features: Sequence[Feature]) -> Floats:
    assert events.amounts is not None
    return events.amounts[:, None]


def _log_amount(events: Events, _column: str, _features: Sequence[Feature]) -> Floats:
    assert events.amounts is not None
    return (np.sign(events.amounts) * np.log1p(np.abs(events.amounts)))[:, None]


def _hour(events: Events, _column: str, _features: Sequence[Feature]) -> Floats:
    return ((events.times_us % _DAY_US) / 3_600_000_000)[:, None]


def _weekday(events: Events, _column: str, _features: Sequence[Feature]) -> Floats:
    # 1 January 1970 was a Thursday.
    return ((events.times_us // _DAY_US + 3) % 7)[:, None].astype(np.float64)


def _number(events: Events, column: str, _features: Sequence[Feature]) -> Floats:
    return events.numeric[column][:, None]


def _is_category(events: Events, column: str, features: Sequence[Feature]) -> Floats:
    keys = events.categories[column]
    matches = np.zeros((len(events), len(features)))
    asked = {feature.value: place for place, feature in enumerate(features)}
    for code, value in enumerate(keys.values):
        if value in asked:
            matches[keys.codes == code, asked[value]] = 1.0
    return matches


def _share(events: Events, column: str, features: Sequence[Feature]) -> Floats:
    keys = events.categories[column]
    shares = [[feature.table.get(value, 0.0) for feature in features] for value in keys.values]
    # Code -1, a missing value, reads the row of NaN at the end.
    return np.array([*shares, [np.nan] * len(features)])[keys.codes]


EVENT_OPERATIONS: Mapping[str, EventOperation] = {
    "amount": _amount,
    "log_amount": _log_amount,
    "hour": _hour,
    "weekday": _weekday,
    "number": _number,
    "is_category": _is_category,
    "share": _share,
}


def plan_event_features(event_type: EventType, shares: Mapping[str, Mapping[str, float]]) -> Iterator[Feature]:
    """Yield the features of the event itself.

    ``shares`` holds, for each categorical column, how common each category was in training, most common first.
    """
    if event_type.amount:
        yield Feature("amount", "Amount of the payment", "amount", event_type.amount)
        yield Feature("amount_log", "Amount of the payment, on a logarithmic scale", "log_amount", event_type.amount)
    yield Feature("hour", "Hour of the day (UTC)", "hour", event_type.timestamp)
    yield Feature("weekday", "Day of the week (0 is Monday, UTC)", "weekday", event_type.timestamp)
    for column in (*event_type.numeric, *event_type.boolean):
        yield Feature(column, f"Value of {column}", "number", column)
    for column in event_type.categorical:
        for value in list(shares[column])[:TOLD_APART]:
            yield Feature(f"{column}_is_{value}", f"Whether {column} is {value}", "is_category", column, value=value)
        common = f"How common this {column} was in training (share of payments)"
        yield Feature(f"{column}_share", common, "share", column, table=shares[column])
