"""Feature groups: features of the same idea, under one name that the business uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Floats, Ints
from tollgate.core.features.feature import Feature

# Operation on a history → the idea behind it, in words.
_HISTORY_IDEAS: Mapping[str, str] = {
    "mean_amount": "Amount compared with this {entity}'s usual",
    "amount_ratio": "Amount compared with this {entity}'s usual",
    "amount_deviation": "Amount compared with this {entity}'s usual",
    "excess": "Amount compared with this {entity}'s usual",
    "excess_lately": "Unusually large payments of this {entity}",
    "count": "Payments of this {entity} lately",
    "pace": "Payments of this {entity} lately",
    "unusual_count": "Unusually large payments of this {entity}",
    "unusual_age": "Unusually large payments of this {entity}",
    "fraud_rate": "Known frauds of this {entity}",
    "fraud_count": "Known frauds of this {entity}",
    "ordinary_fraud_count": "Known frauds of this {entity}",
    "ordinary_fraud_rate": "Known frauds of this {entity}",
    "ordinary_fraud_share": "Known frauds of this {entity}",
    "ordinary_fraud_age": "Known frauds of this {entity}",
    "legitimate_count": "Payments of this {entity} that proved legitimate",
    "distance_km": "Distance from this {entity}'s usual place",
}
_EVENT_IDEAS: Mapping[str, str] = {
    "amount": "Amount",
    "log_amount": "Amount",
    "hour": "Time of day",
    "weekday": "Day of the week",
    "number": "{source}",
    "is_category": "{source}",
    "share": "{source}",
}


@dataclass(frozen=True)
class Group:
    """Features that stand for one idea: its name, and their places in the list of features."""

    name: str
    places: tuple[int, ...]


def group_features(features: Sequence[Feature], entities: Mapping[str, Sequence[str]]) -> tuple[Group, ...]:
    """Return the groups of features, in the order in which they first come; every feature is in one of them.

    ``entities`` maps each entity to its columns. A feature of an operation that has no name here stays by itself,
    under its description.
    """
    places: dict[str, list[int]] = {}
    for place, feature in enumerate(features):
        places.setdefault(_name(feature, entities), []).append(place)
    return tuple(Group(name, tuple(found)) for name, found in places.items())


@dataclass(frozen=True, eq=False)
class GroupOrder:
    """The places of features, those of a group together, and where each group begins among them."""

    places: Ints
    starts: Ints

    @classmethod
    def of(cls, groups: Sequence[Group]) -> GroupOrder:
        """Put the features of ``groups`` in order."""
        sizes = [len(group.places) for group in groups]
        places = [place for group in groups for place in group.places]
        return cls(np.array(places, dtype=np.int64), np.cumsum([0, *sizes[:-1]]))

    def sum_up(self, values: Floats) -> Floats:
        """Return the sums of each group, (n, g), of values of features, (n, f)."""
        sums: Floats = np.add.reduceat(values[:, self.places], self.starts, axis=1)
        return sums


def _name(feature: Feature, entities: Mapping[str, Sequence[str]]) -> str:
    if feature.half_life >= 0 and feature.operation in _HISTORY_IDEAS:
        return _HISTORY_IDEAS[feature.operation].format(entity=entity_words(feature.source, entities))
    if feature.half_life < 0 and feature.operation in _EVENT_IDEAS:
        return _EVENT_IDEAS[feature.operation].format(source=feature.source)
    return feature.description


def entity_words(entity: str, entities: Mapping[str, Sequence[str]]) -> str:
    """Return an entity as a sentence says it: "customer", or "customer and device" for a pair."""
    columns = entities.get(entity, ())
    return entity.replace("_", " and " if len(columns) == entity.count("_") + 1 else " ")
