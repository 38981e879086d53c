"""Scope of rules: the variables, features, score and lists that they can name, each with its kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tollgate.core.events.event_type import EventType
from tollgate.core.features.feature import Feature

SCORE = "score"
ValueKind = Literal["number", "text", "truth"]
TimeSource = Literal["hour", "hour_exact", "weekday"]
Source = Literal["score", "amount", "latitude", "longitude", "numeric", "category", "entity", "feature"] | TimeSource
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

    A variable hides a feature of its name, and the score hides both. Features that ask for one category depend on what
    training saw, and are left out: ``channel == "online"`` asks for the same. Without ``whole_hours``, as in versions
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
    in_pair = "is only part of a pair; give it an entity of its own, or name it in categorical"
    reasons = dict.fromkeys(event_type.entity_columns, in_pair)
    reasons |= dict.fromkeys(event_type.ignored, "is ignored; declare it in [event] as what it is")
    if event_type.id:
        reasons[event_type.id] = "is the id, which is different for every event"
    reasons[event_type.timestamp] = "is the timestamp; rules can use hour, hour_exact and weekday"
    if event_type.label:
        reasons[event_type.label.column] = "is the label, which nobody knows when a rule is asked"
    return {name: reason for name, reason in reasons.items() if name not in symbols}
