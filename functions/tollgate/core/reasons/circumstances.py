"""One event with what it was decided from: what the sentences of its reasons are about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tollgate.core.event import Events, Floats
from tollgate.core.event_type import EventType
from tollgate.core.feature import Feature
from tollgate.core.features import Matrix
from tollgate.core.history import HistoryPlan, Kind
from tollgate.core.history_features import span
from tollgate.core.reasons.groups import entity_words


@dataclass(frozen=True)
class Circumstances:
    """A single event (n = 1), what it read from the history of each entity, (1, k), and its features, (f,)."""

    event_type: EventType
    plan: HistoryPlan
    event: Events
    reads: Mapping[str, Floats]
    features: Sequence[Feature]
    values: Matrix

    @cached_property
    def reading(self) -> HistoryReading:
        """All that the event read, side by side."""
        return HistoryReading.of(self.plan, self.event, self.reads)

    @property
    def amount(self) -> float:
        """The amount, NaN where there is none."""
        return math.nan if self.event.amounts is None else float(self.event.amounts[0])

    def who(self, entity: str) -> str:
        """Return an entity in words: "customer", or "customer and device"."""
        return entity_words(entity, self.event_type.entities)

    def lacks(self, entity: str) -> bool:
        """Return whether the event does not say who its entity is."""
        return bool(self.event.entities[entity].codes[0] < 0)

    def keeps(self, entity: str, kind: Kind, half_life: int) -> bool:
        """Return whether a sum is kept for an entity over a half-life, given by its place."""
        return any(s.kind == kind and s.half_life == half_life for s in self.plan.sums[entity])

    def sum_of(self, entity: str, kind: Kind, half_life: int) -> float:
        """Return a faded sum of the event's entity, as of the moment before the event."""
        layout = self.plan.layout
        return float(self.reads[entity][0, layout.places[entity, kind, half_life] - layout.parts[entity].start])

    def read(self, entity: str, operation: str, half_life: int) -> float:
        """Return what an operation of `history_features` reads; NaN where the history is too faint."""
        asked = Asked(self.plan, ((entity, half_life),))
        return float(HISTORY_OPERATIONS[operation](self.reading, asked, self.event)[0, 0])

    def length(self, half_life: int) -> str:
        """Return a half-life as it is written: 7d."""
        return span(self.plan.half_lives_s[half_life])
