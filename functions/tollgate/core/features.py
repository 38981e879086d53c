"""Features: numbers computed from events and the histories of their entities, written once, over columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import numpy.typing as npt

from tollgate.core.event import Events, Floats
from tollgate.core.event_features import EVENT_OPERATIONS, plan_event_features
from tollgate.core.event_type import EventType
from tollgate.core.feature import Feature
from tollgate.core.history import HistoryPlan
from tollgate.core.history_features import HISTORY_OPERATIONS, HistoryReading, plan_history_features

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
    out = np.empty((len(events), len(features)), dtype=np.float32)
    first = 0
    for (operation, source), group in groupby(features, key=lambda feature: (feature.operation, feature.source)):
        block = list(group)
        out[:, first : first + len(block)] = _compute_block(operation, source, block, plan, events, histories)
        first += len(block)
    return out


def _compute_block(
    operation: str,
    source: str,
    block: Sequence[Feature],
    plan: HistoryPlan,
    events: Events,
    histories: Mapping[str, Floats],
) -> Floats:
    if operation in HISTORY_OPERATIONS:
        reading = HistoryReading(plan, source, histories[source])
        return HISTORY_OPERATIONS[operation](reading, [feature.half_life for feature in block], events)
    return EVENT_OPERATIONS[operation](events, source, block)
