"""Feature plan of an event type, and all features of a set of events over columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tollgate.core.events.event import Events, Floats
from tollgate.core.events.event_type import EventType
from tollgate.core.features.catalog import plan_history_features
from tollgate.core.features.event_features import plan_event_features
from tollgate.core.features.feature import Feature, Matrix
from tollgate.core.features.pipeline import FeatureSteps
from tollgate.core.history.plan import HistoryPlan, amount_excess


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
    sums = plan.layout.side_by_side(histories, 0, len(events))
    return FeatureSteps.of(features, plan).columns(events, sums, amount_excess(plan, events, histories))
