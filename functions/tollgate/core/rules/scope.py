"""Scope of rules: the variables, features, score and lists that they can name, each with its kind and its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from tollgate.core.events.event import Events, Floats, Ints, Keys
from tollgate.core.events.event_type import EventType
from tollgate.core.features.feature import Feature, Matrix

SCORE = "score"
ValueKind = Literal["number", "text", "truth"]
TimeSource = Literal["hour", "hour_exact", "weekday"]
Source = Literal["score", "amount", "latitude", "longitude", "numeric", "category", "entity", "feature"] | TimeSource
# A number or truth is a float, NaN where missing; a text is a str, None where missing.
Value: TypeAlias = float | str | None
Row: TypeAlias = Mapping[str, Value]
# A number or truth is an array of shape (n,), NaN where missing; a text is `Keys`.
Columns: TypeAlias = Mapping[str, Floats | Keys]
_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
# Taken from the event's own time (UTC): the model's feature of that name is the hour with its fraction.
_OF_TIME: tuple[TimeSource, ...] = ("hour", "hour_exact", "weekday")


@dataclass(frozen=True)
class Symbol:
    """One name: its kind, and where its values come from; ``key`` is a column, an entity or a feature's place."""

    kind: ValueKind
    source: Source
    key: str | int = ""


@dataclass(frozen=True)
class Scope:
    """All names of a detector. ``absent`` maps a name that exists and cannot be used to what to do about it."""

    symbols: Mapping[str, Symbol]
    lists: Mapping[str, ValueKind]
    absent: Mapping[str, str] = field(default_factory=dict)


def scope_of(
    event_type: EventType, features: Sequence[Feature], lists: Mapping[str, ValueKind], *, whole_hours: bool = True
) -> Scope:
    """Return what rules over events of this type can name.

    A variable hides a feature of its name, and the score hides both. Features that stand for one category depend on
    what training saw, and are left out: ``channel == "online"`` says the same. Without ``whole_hours``, as in versions
    sealed before there were any, ``hour`` is the model's feature, which has a fraction.
    """
    symbols: dict[str, Symbol] = {
        feature.name: Symbol("number", "feature", place)
        for place, feature in enumerate(features)
        if feature.operation != "is_category"
    }
    if whole_hours:
        symbols |= {name: Symbol("number", name) for name in _OF_TIME}
    singles = (
        (event_type.amount, Symbol("number", "amount")),
        (event_type.latitude, Symbol("number", "latitude")),
        (event_type.longitude, Symbol("number", "longitude")),
    )
    symbols |= {name: symbol for name, symbol in singles if name is not None}
    entities = {columns[0]: entity for entity, columns in event_type.entities.items() if len(columns) == 1}
    symbols |= {column: Symbol("text", "entity", entity) for column, entity in entities.items()}
    symbols |= {column: Symbol("number", "numeric", column) for column in event_type.numeric}
    symbols |= {column: Symbol("truth", "numeric", column) for column in event_type.boolean}
    symbols |= {column: Symbol("text", "category", column) for column in event_type.categorical}
    symbols[SCORE] = Symbol("number", "score")
    return Scope(symbols, lists, _absent(event_type, symbols))


def _absent(event_type: EventType, symbols: Mapping[str, Symbol]) -> dict[str, str]:
    in_pair = "occurs only in a pair; give it its own entity, or add it to categorical"
    reasons = dict.fromkeys(event_type.entity_columns, in_pair)
    reasons |= dict.fromkeys(event_type.ignored, "is ignored; declare its type in [event]")
    if event_type.id:
        reasons[event_type.id] = "is the id, which is different for every event"
    reasons[event_type.timestamp] = "is the timestamp; rules can use hour, hour_exact and weekday"
    if event_type.label:
        reasons[event_type.label.column] = "is the label, which is not known when a rule is evaluated"
    return {name: reason for name, reason in reasons.items() if name not in symbols}


@dataclass(frozen=True)
class RuleInputs:
    """``n`` events with their features, shape (n, f), and scores, shape (n,), NaN where there is none."""

    events: Events
    features: Matrix
    scores: Ints | Floats

    def columns(self, scope: Scope, names: Iterable[str]) -> Columns:
        """Return the column of each name."""
        return {name: _SOURCES[scope.symbols[name].source](self, scope.symbols[name]) for name in names}

    def row(self, place: int, scope: Scope, names: Iterable[str]) -> Row:
        """Return the value of each name for one event."""
        return {name: self._value(place, scope.symbols[name]) for name in names}

    def _value(self, place: int, symbol: Symbol) -> Value:
        if symbol.source == "feature":
            return float(self.features[place, int(symbol.key)])
        if symbol.source == "score":
            return float(self.scores.item(place))
        column = _SOURCES[symbol.source](self, symbol)
        if isinstance(column, Keys):
            code = column.codes.item(place)
            return column.values[code] if code >= 0 else None
        return float(column.item(place))


def _there(column: Floats | None) -> Floats:
    assert column is not None
    return column


_SOURCES: Mapping[str, Callable[[RuleInputs, Symbol], Floats | Keys]] = {
    "score": lambda inputs, _: inputs.scores.astype(np.float64),
    "amount": lambda inputs, _: _there(inputs.events.amounts),
    "latitude": lambda inputs, _: _there(inputs.events.latitudes),
    "longitude": lambda inputs, _: _there(inputs.events.longitudes),
    "numeric": lambda inputs, symbol: inputs.events.numeric[str(symbol.key)],
    "category": lambda inputs, symbol: inputs.events.categories[str(symbol.key)],
    "entity": lambda inputs, symbol: inputs.events.entities[str(symbol.key)],
    "feature": lambda inputs, symbol: inputs.features[:, int(symbol.key)].astype(np.float64),
    "hour": lambda inputs, _: (inputs.events.times_us % _DAY_US // _HOUR_US).astype(np.float64),
    "hour_exact": lambda inputs, _: (inputs.events.times_us % _DAY_US) / _HOUR_US,
    # 1 January 1970 was a Thursday; 0 is Monday.
    "weekday": lambda inputs, _: ((inputs.events.times_us // _DAY_US + 3) % 7).astype(np.float64),
}
