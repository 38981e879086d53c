"""Catalog of a detector's features: those of the event, and those that its history plan gives, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tollgate.core.events.event_type import EventType
from tollgate.core.features.event_features import plan_event_features
from tollgate.core.features.feature import Feature
from tollgate.core.features.history_features import HISTORY_FEATURES
from tollgate.core.history.plan import HistoryPlan

_ACRONYMS = {"ip": "IP", "id": "ID"}
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def plan_features(
    event_type: EventType, plan: HistoryPlan, shares: Mapping[str, Mapping[str, float]]
) -> tuple[Feature, ...]:
    """Return the features of a detector, each with a name of its own.

    ``shares`` holds, for each categorical column, how common each category was in training, most common first.
    """
    taken: set[str] = set()
    features = []
    for feature in (*plan_event_features(event_type, shares), *_plan_history_features(plan, event_type.entities)):
        name = feature.name
        while name in taken:
            name += "_"
        taken.add(name)
        features.append(replace(feature, name=name))
    return tuple(features)


def _plan_history_features(plan: HistoryPlan, entities: Mapping[str, Sequence[str]]) -> Iterator[Feature]:
    """Yield the features that the sums of each entity allow, as of the moment before the event."""
    longest = len(plan.half_lives_s) - 1
    for operation, record in HISTORY_FEATURES.items():
        if not record.sums and plan.unusual is not None:
            judging = plan.unusual.entity
            words = describe(operation, judging, entities, record.scale)
            yield Feature(f"{judging}_{operation}", words, operation, judging, longest)
    for entity, kept in plan.sums.items():
        for operation, record in HISTORY_FEATURES.items():
            for half_life in record.half_lives(kept, longest) if record.sums else ():
                length = span(plan.half_lives_s[half_life])
                words = describe(operation, entity, entities, f"half-life {length}", record.scale)
                yield Feature(f"{entity}_{operation}_{length}", words, operation, entity, half_life)


def describe(operation: str, entity: str, entities: Mapping[str, Sequence[str]], *remarks: str) -> str:
    """Return the description of an operation on the history of an entity, with remarks in parentheses."""
    words = HISTORY_FEATURES[operation].description.format(who=entity_words(entity, entities))
    added = "; ".join(filter(None, remarks))
    return f"{words} ({added})" if added else words


def entity_words(entity: str, entities: Mapping[str, Sequence[str]]) -> str:
    """Return an entity as a sentence says it: "customer", "IP", or "customer and device" for a pair."""
    parts = entity.split("_")
    between = " and " if len(entities.get(entity, ())) == len(parts) else " "
    return between.join(_ACRONYMS.get(part, part) for part in parts)


def span(seconds: float) -> str:
    """Return a half-life as it is written in names: 1h, 7d, 90s."""
    number, unit = _in_units(seconds)
    return f"{number:g}{unit[0]}"


def span_words(seconds: float) -> str:
    """Return a half-life in words: 1 hour, 7 days, 90 seconds."""
    number, unit = _in_units(seconds)
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def _in_units(seconds: float) -> tuple[float, str]:
    """Return a half-life as a number of the largest unit of which it is a whole number."""
    for unit, length in _UNITS[:-1]:
        if seconds >= length and seconds % length == 0:
            return seconds / length, unit
    return seconds, _UNITS[-1][0]
