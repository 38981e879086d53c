"""Features: numbers computed from events and the histories of their entities, written once, over columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tollgate.core.event import Events, Floats, Ints
from tollgate.core.event_features import EVENT_OPERATIONS, EventOperation, plan_event_features
from tollgate.core.event_type import EventType
from tollgate.core.feature import Feature
from tollgate.core.history import HistoryPlan
from tollgate.core.history_features import (
    HISTORY_OPERATIONS,
    Asked,
    HistoryOperation,
    HistoryReading,
    plan_history_features,
)

Matrix = npt.NDArray[np.float32]


def plan_features(
    event_type: EventType, plan: HistoryPlan, shares: Mapping[str, Mapping[str, float]]
) -> tuple[Feature, ...]:
    """Return the features of a detector, each with a name of its own.

    ``shares`` holds, for each categorical column, how common each category was in training, most common first.
    """
    taken: set[str] = set()
    features = []
    for feature in (*plan_event_features(event_type, shares), *plan_history_features(plan)):
        name = feature.name
        while name in taken:
            name += "_"
        taken.add(name)
        features.append(replace(feature, name=name))
    return tuple(features)


def compute_features(
    features: Sequence[Feature], plan: HistoryPlan, events: Events, histories: Mapping[str, Floats]
) -> Matrix:
    """Return the features of n events, shape (n, len(features)), float32, NaN where something is missing.

    ``histories`` maps each entity to what the events read from it, shape (n, k) in the order of ``plan.sums``.
    """
    return FeatureSteps.of(features, plan).compute(events, HistoryReading.of(plan, events, histories))


@dataclass(frozen=True, eq=False)
class FeatureSteps:
    """How f features are computed: each operation once, for all entities and half-lives together.

    A step is the function of an operation and the columns of the features that it fills.
    """

    of_events: tuple[tuple[EventOperation, str, Sequence[Feature], Ints], ...]
    of_histories: tuple[tuple[HistoryOperation, Asked, Ints], ...]
    width: int

    @classmethod
    def of(cls, features: Sequence[Feature], plan: HistoryPlan) -> FeatureSteps:
        """Sort features into steps."""
        by_operation: dict[tuple[str, str], list[int]] = {}
        for place, feature in enumerate(features):
            source = "" if feature.operation in HISTORY_OPERATIONS else feature.source
            by_operation.setdefault((feature.operation, source), []).append(place)
        of_events, of_histories = [], []
        for (operation, source), places in by_operation.items():
            block, columns = [features[place] for place in places], np.array(places, dtype=np.int64)
            if operation in HISTORY_OPERATIONS:
                asked = Asked(plan, tuple((feature.source, feature.half_life) for feature in block))
                of_histories.append((HISTORY_OPERATIONS[operation], asked, columns))
            else:
                of_events.append((EVENT_OPERATIONS[operation], source, block, columns))
        return cls(tuple(of_events), tuple(of_histories), len(features))

    def compute(self, events: Events, reading: HistoryReading) -> Matrix:
        """Return the features of n events, shape (n, f), float32, NaN where something is missing."""
        out = np.empty((len(events), self.width), dtype=np.float32)
        for compute, source, block, columns in self.of_events:
            out[:, columns] = compute(events, source, block)
        for read, asked, columns in self.of_histories:
            out[:, columns] = read(reading, asked, events)
        return out
