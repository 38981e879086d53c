"""Event features: one record for each operation on the event itself, with its formula and words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import TypeAlias

from tollgate.core.events.event_type import EventType
from tollgate.core.features import sentences
from tollgate.core.features.arithmetic import Arithmetic, Column, FormulaInputs
from tollgate.core.features.feature import Feature
from tollgate.core.features.sentences import Sentence

_DAY_US = 86_400_000_000
# Up to this many categories of a column get a yes-or-no feature each; all of them count in its share.
MAX_CATEGORIES = 20

# One number of the event, by a formula of (m, inputs, column): see `history_features`.
NumberFormula: TypeAlias = Callable[[Arithmetic, FormulaInputs, str], Column]
# What all features of one categorical column are for a category; None is a missing value.
CategoryFormula: TypeAlias = Callable[[str | None, Sequence[Feature]], list[float]]


@dataclass(frozen=True)
class EventFeature:
    """Definition of a feature of the event, computed from a number of it or from a category.

    ``name``, ``description`` and ``group`` (the name of the reason that it belongs to) may hold the {source}, a column,
    and the {value} of a category.
    """

    name: str
    description: str
    group: str
    sentence: Sentence
    number: NumberFormula | None = None
    category: CategoryFormula | None = None


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


def _matches(value: str | None, features: Sequence[Feature]) -> list[float]:
    return [1.0 if feature.value == value else 0.0 for feature in features]


def _shares(value: str | None, features: Sequence[Feature]) -> list[float]:
    return [nan if value is None else feature.table.get(value, 0.0) for feature in features]


EVENT_FEATURES: Mapping[str, EventFeature] = {
    "amount": EventFeature("amount", "Amount of the payment", "Amount", sentences.say_amount, number=_amount),
    "log_amount": EventFeature(
        "amount_log",
        "Amount of the payment on a logarithmic scale",
        "Amount",
        sentences.say_amount,
        number=_log_amount,
    ),
    "hour": EventFeature(
        "hour", "Hour of the day with its fraction (UTC)", "Time of day", sentences.time_of_day, number=_hour
    ),
    "weekday": EventFeature(
        "weekday", "Day of the week (0 is Monday, UTC)", "Day of the week", sentences.day_of_week, number=_weekday
    ),
    "number": EventFeature("{source}", "Value of {source}", "{source}", sentences.number, number=_number),
    "is_category": EventFeature(
        "{source}_is_{value}", "Whether {source} is {value}", "{source}", sentences.category, category=_matches
    ),
    "share": EventFeature(
        "{source}_share",
        "How common this {source} is in the training data (share of payments)",
        *("{source}", sentences.category),
        category=_shares,
    ),
}


def plan_event_features(event_type: EventType, shares: Mapping[str, Mapping[str, float]]) -> Iterator[Feature]:
    """Yield the features of the event itself.

    ``shares`` holds, for each categorical column, how common each category was in training, most common first.
    """
    if event_type.amount:
        yield _feature("amount", event_type.amount)
        yield _feature("log_amount", event_type.amount)
    yield _feature("hour", event_type.timestamp)
    yield _feature("weekday", event_type.timestamp)
    for column in (*event_type.numeric, *event_type.boolean):
        yield _feature("number", column)
    for column in event_type.categorical:
        for value in list(shares[column])[:MAX_CATEGORIES]:
            yield _feature("is_category", column, value)
        yield _feature("share", column, table=shares[column])


def _feature(operation: str, source: str, value: str = "", table: Mapping[str, float] | None = None) -> Feature:
    record = EVENT_FEATURES[operation]
    words = {"source": source, "value": value}
    return Feature(
        record.name.format(**words),
        record.description.format(**words),
        operation,
        source,
        value=value,
        table=table or {},
    )
