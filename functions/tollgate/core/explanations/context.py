"""Decision context: events with the histories and features they were decided from, and the sentences they give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.features.catalog import entity_words, span_words
from tollgate.core.features.event_features import EVENT_FEATURES
from tollgate.core.features.feature import Feature, Matrix
from tollgate.core.features.history_features import HISTORY_FEATURES
from tollgate.core.features.pipeline import FromHistories
from tollgate.core.history.layout import Layout
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.sum_kinds import SumKind


@dataclass(frozen=True, eq=False)
class DecisionContext:
    """n events with what they were decided from.

    ``read_sums`` is what they read from histories, (n, k), in the order of the plan's layout; ``excess``, (n,), what
    `amount_excess` says of them; ``values`` are their features, (n, f). What sentences need is computed once for all.
    """

    event_type: EventType
    plan: HistoryPlan
    events: Events
    read_sums: Floats
    excess: Floats
    features: Sequence[Feature]
    values: Matrix
    _read: dict[tuple[str, str, int], list[float]] = field(default_factory=dict, init=False)
    _sums: dict[int, list[float]] = field(default_factory=dict, init=False)

    def read(self, entity: str, operation: str, half_life: int) -> list[float]:
        """Return what an operation of `HISTORY_FEATURES` gives for each event; NaN where the history is too faint."""
        asked = entity, operation, half_life
        if asked not in self._read:
            step = _step(self.plan.layout, *asked)
            self._read[asked] = step.each(self.events, self.excess, self.read_sums)
        return self._read[asked]

    def sums_at(self, place: int) -> list[float]:
        """Return the sums at one place of the plan's layout, as of the moment before each event."""
        if place not in self._sums:
            self._sums[place] = self.read_sums[:, place].tolist()
        return self._sums[place]

    @cached_property
    def codes(self) -> Mapping[str, list[int]]:
        """The codes of the entities' keys, -1 where an event lacks the entity."""
        return {entity: keys.codes.tolist() for entity, keys in self.events.entities.items()}

    @cached_property
    def words(self) -> Mapping[str, str]:
        """The entities in words: "customer", or "customer and device"."""
        return {entity: entity_words(entity, self.event_type.entities) for entity in self.event_type.entities}

    @cached_property
    def lengths(self) -> Sequence[str]:
        """The half-lives in words: "7 days"."""
        return [span_words(half_life_s) for half_life_s in self.plan.half_lives_s]

    @cached_property
    def shares(self) -> Mapping[str, Mapping[str, float]]:
        """How common the categories of each column were in training."""
        return {feature.source: feature.table for feature in self.features if feature.operation == "share"}

    @cached_property
    def usual_amount(self) -> tuple[str, int] | None:
        """The first entity of which amounts are summed, and the longest half-life over which they are."""
        for entity, sums in self.plan.sums.items():
            if half_lives := [one.half_life for one in sums if one.kind == SumKind.AMOUNT]:
                return entity, max(half_lives)
        return None

    @cached_property
    def amounts(self) -> Sequence[float]:
        """The amounts, NaN where there is none."""
        return [math.nan] * len(self.events) if self.events.amounts is None else self.events.amounts.tolist()

    def at(self, row: int) -> EventContext:
        """Return one of them."""
        return EventContext(self, row)


@dataclass(frozen=True)
class EventContext:
    """One event among others, as sentences read it."""

    context: DecisionContext
    row: int

    @property
    def amount(self) -> float:
        """The amount, NaN where there is none."""
        return self.context.amounts[self.row]

    @property
    def time_us(self) -> int:
        """The time, in microseconds since 1970 UTC."""
        return int(self.context.events.times_us[self.row])

    @property
    def longest(self) -> int:
        """The place of the longest half-life."""
        return len(self.context.lengths) - 1

    @property
    def currency(self) -> str | None:
        """The currency of amounts, None where none is declared."""
        return self.context.event_type.currency

    def number(self, column: str) -> float:
        """Return the value of a numeric or boolean column."""
        return float(self.context.events.numeric[column][self.row])

    def is_boolean(self, column: str) -> bool:
        """Return whether a column holds booleans."""
        return column in self.context.event_type.boolean

    def category(self, column: str) -> str | None:
        """Return the value of a categorical column, None where it is missing."""
        keys = self.context.events.categories[column]
        code = int(keys.codes[self.row])
        return keys.values[code] if code >= 0 else None

    def share_in_training(self, column: str, value: str) -> float | None:
        """Return how common a category was in training, None where it did not occur."""
        return self.context.shares.get(column, {}).get(value)

    def usual_amount(self) -> tuple[str, int] | None:
        """Return the entity and half-life whose usual amount the amount is compared with, None where there is none."""
        usual = self.context.usual_amount
        return None if usual is None or self.lacks(usual[0]) else usual

    def who(self, entity: str) -> str:
        """Return an entity in words: "customer", or "customer and device"."""
        return self.context.words[entity]

    def lacks(self, entity: str) -> bool:
        """Return whether the event lacks an entity."""
        return self.context.codes[entity][self.row] < 0

    def keeps(self, entity: str, kind: SumKind, half_life: int) -> bool:
        """Return whether a sum is kept for an entity over a half-life, given by its place."""
        return (entity, kind, half_life) in self.context.plan.layout.places

    def sum_of(self, entity: str, kind: SumKind, half_life: int) -> float:
        """Return a faded sum of the event's entity, as of the moment before the event."""
        return self.context.sums_at(self.context.plan.layout.places[entity, kind, half_life])[self.row]

    def read(self, entity: str, operation: str, half_life: int) -> float:
        """Return what an operation of `HISTORY_FEATURES` gives; NaN where the history is too faint."""
        return self.context.read(entity, operation, half_life)[self.row]

    def length(self, half_life: int) -> str:
        """Return a half-life in words: "7 days"."""
        return self.context.lengths[half_life]


# What the sentences of one version read is a few hundred things at most.
@lru_cache(maxsize=2048)
def _step(layout: Layout, entity: str, operation: str, half_life: int) -> FromHistories:
    return FromHistories.of(HISTORY_FEATURES[operation], layout, [(entity, half_life)])


def say_reason(here: EventContext, place: int) -> str:
    """Return the sentence of the feature at ``place``, the one that says most in its group."""
    feature = here.context.features[place]
    if feature.half_life >= 0 and feature.operation in HISTORY_FEATURES:
        if here.lacks(feature.source):
            return f"This payment's {here.who(feature.source).replace(' and ', ' or ')} is missing."
        return HISTORY_FEATURES[feature.operation].sentence(here, feature)
    if feature.half_life < 0 and feature.operation in EVENT_FEATURES:
        return EVENT_FEATURES[feature.operation].sentence(here, feature)
    value = float(here.context.values[here.row, place])
    return f"{feature.description}: {'unknown' if math.isnan(value) else f'{value:,.6g}'}."


def find_leading(values: Floats, groups: Sequence[Sequence[int]], rows: Ints, chosen: Ints, sums: Floats) -> Ints:
    """Return the feature that says most in the direction of its whole group, (m,), for m pairs of event and group.

    ``values``, (n, f), are what the features did for n events; ``sums``, (m,), what the groups did.
    """
    leading = np.empty(len(rows), dtype=np.int64)
    for group in np.unique(chosen).tolist():
        which = np.flatnonzero(chosen == group)
        places = np.array(groups[group])
        signs = np.where(sums[which] < 0, -1.0, 1.0)
        aligned = values[rows[which][:, None], places] * signs[:, None]
        leading[which] = places[aligned.argmax(axis=1)]
    return leading
