"""Features: numbers computed from events and the histories of their entities, written once, over columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from tollgate.core.event import Events, Floats, Ints
from tollgate.core.event_features import EVENT_OPERATIONS, EventOperation, plan_event_features
from tollgate.core.event_type import EventType
from tollgate.core.feature import Feature
from tollgate.core.history import HistoryPlan
from tollgate.core.history_features import (
    HISTORY_OPERATIONS,
    PLAIN_SUMS,
    Asked,
    HistoryOperation,
    HistoryReading,
    plan_history_features,
    take_columns,
)

Matrix = npt.NDArray[np.float32]
_SUMS = ("", "")


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

    ``sums`` are the places, in the plan's layout, of the features that are sums as they are read. What the steps give,
    ``sums`` first, then ``of_events`` and ``of_histories``, is put in order by ``order``, shape (f,).
    """

    sums: Ints
    of_events: tuple[tuple[EventOperation, str, Sequence[Feature]], ...]
    of_histories: tuple[tuple[HistoryOperation, Asked], ...]
    order: Ints

    @classmethod
    def of(cls, features: Sequence[Feature], plan: HistoryPlan) -> FeatureSteps:
        """Sort features into steps."""
        by_step: dict[tuple[str, str], list[int]] = {_SUMS: []}
        for place, feature in enumerate(features):
            by_step.setdefault(_step_of(feature), []).append(place)
        of_events, of_histories = [], []
        for (operation, source), places in by_step.items():
            block = [features[place] for place in places]
            if operation in EVENT_OPERATIONS:
                of_events.append((places, (EVENT_OPERATIONS[operation], source, block)))
            elif operation:
                asked = Asked(plan, tuple((feature.source, feature.half_life) for feature in block))
                of_histories.append((places, (HISTORY_OPERATIONS[operation], asked)))
        plain = [features[place] for place in by_step[_SUMS]]
        where = [plan.layout.places[one.source, PLAIN_SUMS[one.operation], one.half_life] for one in plain]
        filled = [*by_step[_SUMS], *(place for places, _ in (*of_events, *of_histories) for place in places)]
        return cls(
            sums=np.array(where, dtype=np.int64),
            of_events=tuple(step for _, step in of_events),
            of_histories=tuple(step for _, step in of_histories),
            order=np.argsort(np.array(filled, dtype=np.int64)),
        )

    def compute(self, events: Events, reading: HistoryReading) -> Matrix:
        """Return the features of n events, shape (n, f), float32, NaN where something is missing."""
        # Arithmetic runs along columns where these lie one behind the other, and along rows where not.
        order: Literal["C", "F"] = "C" if reading.sums.flags.c_contiguous else "F"
        filled = np.empty((len(events), len(self.order)), dtype=np.float32, order=order)
        first = len(self.sums)
        filled[:, :first] = take_columns(reading.sums, self.sums)
        for compute, source, block in self.of_events:
            filled[:, first : first + len(block)] = compute(events, source, block)
            first += len(block)
        for read, asked in self.of_histories:
            filled[:, first : first + len(asked.pairs)] = read(reading, asked, events)
            first += len(asked.pairs)
        return np.ascontiguousarray(take_columns(filled, self.order))


def _step_of(feature: Feature) -> tuple[str, str]:
    """Return which features are computed together: by operation, those of events by column as well."""
    if feature.operation in PLAIN_SUMS:
        return _SUMS
    return feature.operation, "" if feature.operation in HISTORY_OPERATIONS else feature.source
