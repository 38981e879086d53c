"""Event features: those that need nothing but the event itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import nan

from tollgate.core.events.event_type import EventType
from tollgate.core.features.arithmetic import Arithmetic
from tollgate.core.features.feature import Feature
from tollgate.core.features.formula_inputs import Column, FormulaInputs

_DAY_US = 86_400_000_000
# Up to this many categories are told apart one by one; all of them by how common they are.
TOLD_APART = 20


def _amount(_m: Arithmetic, inputs: FormulaInputs, _column: str) -> Column:
    return inputs.amount


def _log_amount(m: Arithmetic, inputs: FormulaInputs, _column: str) -> Column:
    return m.sign(inputs.amount) * m.log1p(abs(inputs.amount))


def _hour(_m: Arithmetic, inputs: FormulaInputs, _column: str) -> Column:
    return (inputs.time_us % _DAY_US) / 3_600_000_000


def _weekday(_m: Arithmetic, inputs: FormulaInputs, _column: str) -> Column:
    # 1 January 1970 was a Thursday.
    return (inputs.time_us // _DAY_US + 3) % 7


def _number(_m: Arithmetic, inputs: FormulaInputs, column: str) -> Column:
    return inputs.numeric[column]


# One number of the event itself, by a formula of (m, given, column): see `history_formulas`.
NUMBER_OPERATIONS: Mapping[str, Callable[[Arithmetic, FormulaInputs, str], Column]] = {
    "amount": _amount,
    "log_amount": _log_amount,
    "hour": _hour,
    "weekday": _weekday,
    "number": _number,
}


def _matches(value: str | None, features: Sequence[Feature]) -> list[float]:
    return [1.0 if feature.value == value else 0.0 for feature in features]


def _shares(value: str | None, features: Sequence[Feature]) -> list[float]:
    return [nan if value is None else feature.table.get(value, 0.0) for feature in features]


# What all features of one categorical column are for a category; None is a missing value.
CATEGORY_OPERATIONS: Mapping[str, Callable[[str | None, Sequence[Feature]], list[float]]] = {
    "is_category": _matches,
    "share": _shares,
}


def plan_event_features(event_type: EventType, shares: Mapping[str, Mapping[str, float]]) -> Iterator[Feature]:
    """Yield the features of the event itself.

    ``shares`` holds, for each categorical column, how common each category was in training, most common first.
    """
    if event_type.amount:
        yield Feature("amount", "Amount of the payment", "amount", event_type.amount)
        yield Feature("amount_log", "Amount of the payment, on a logarithmic scale", "log_amount", event_type.amount)
    yield Feature("hour", "Hour of the day with its fraction (UTC)", "hour", event_type.timestamp)
    yield Feature("weekday", "Day of the week (0 is Monday, UTC)", "weekday", event_type.timestamp)
    for column in (*event_type.numeric, *event_type.boolean):
        yield Feature(column, f"Value of {column}", "number", column)
    for column in event_type.categorical:
        for value in list(shares[column])[:TOLD_APART]:
            yield Feature(f"{column}_is_{value}", f"Whether {column} is {value}", "is_category", column, value=value)
        common = f"How common this {column} was in training (share of payments)"
        yield Feature(f"{column}_share", common, "share", column, table=shares[column])
