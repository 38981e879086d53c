"""Feature groups: features of the same idea, under one name that the business uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.events.event import Floats, Ints
from tollgate.core.features.catalog import entity_words
from tollgate.core.features.event_features import EVENT_FEATURES
from tollgate.core.features.feature import Feature
from tollgate.core.features.history_features import HISTORY_FEATURES


@dataclass(frozen=True)
class Group:
    """Features that stand for one idea: its name, and their places in the list of features."""

    name: str
    places: tuple[int, ...]


def group_features(features: Sequence[Feature], entities: Mapping[str, Sequence[str]]) -> tuple[Group, ...]:
    """Return the groups of features, in the order in which they first come; every feature is in one of them.

    ``entities`` maps each entity to its columns. A feature of an operation that nothing is known of stays by
    itself, under its description.
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
    if feature.half_life >= 0 and feature.operation in HISTORY_FEATURES:
        return HISTORY_FEATURES[feature.operation].group.format(who=entity_words(feature.source, entities))
    if feature.half_life < 0 and feature.operation in EVENT_FEATURES:
        return EVENT_FEATURES[feature.operation].group.format(source=feature.source)
    return feature.description
