"""Feature pipeline of a detector, for columns of events and for a single one: the same to the bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Literal, Protocol, TypeVar, cast

import numpy as np

from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.features.arithmetic import COLUMNS, PLAIN, FormulaInputs
from tollgate.core.features.event_features import EVENT_FEATURES, CategoryFormula, NumberFormula
from tollgate.core.features.feature import Feature, Matrix
from tollgate.core.features.history_features import (
    HISTORY_FEATURES,
    Formula,
    HistoryFeature,
    Over,
    Span,
    as_it_is_read,
)
from tollgate.core.history.layout import Layout
from tollgate.core.history.plan import HistoryPlan, amount_excess
from tollgate.core.history.sum_kinds import SumKind

Table = TypeVar("Table", Floats, Matrix)


class Step(Protocol):
    """Computes m features together.

    ``sums`` are what the events read from their histories, (n, k), or k numbers, in the order of the plan's layout.
    """

    def columns(self, events: Events, inputs: FormulaInputs, sums: Floats) -> Floats:
        """Return the features of n events, shape (n, m)."""

    def one(self, event: Events, inputs: FormulaInputs, sums: Sequence[float]) -> list[float]:
        """Return the m features of one event."""


@dataclass(frozen=True)
class FromNumbers:
    """One feature, computed from numbers of the event itself."""

    formula: NumberFormula
    column: str

    def columns(self, events: Events, inputs: FormulaInputs, sums: Floats) -> Floats:  # noqa: ARG002, D102
        return cast(Floats, self.formula(COLUMNS, inputs, self.column))

    def one(self, event: Events, inputs: FormulaInputs, sums: Sequence[float]) -> list[float]:  # noqa: ARG002, D102
        return [self.formula(PLAIN, inputs, self.column)]


@dataclass(frozen=True)
class FromCategory:
    """Features of one operation on one categorical column."""

    formula: CategoryFormula
    column: str
    features: tuple[Feature, ...]

    def columns(self, events: Events, inputs: FormulaInputs, sums: Floats) -> Floats:  # noqa: ARG002, D102
        keys = events.categories[self.column]
        # Code -1, a missing value, reads the row at the end.
        return np.array([self.formula(value, self.features) for value in (*keys.values, None)])[keys.codes]

    def one(self, event: Events, inputs: FormulaInputs, sums: Sequence[float]) -> list[float]:  # noqa: ARG002, D102
        return self.formula(event.categories[self.column].only, self.features)


@dataclass(frozen=True, eq=False)
class FromHistories:
    """Features of one operation on histories; ``places`` are those of the sums that each of them takes."""

    formula: Formula
    spans: tuple[Span, ...]
    places: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, operation: HistoryFeature, layout: Layout, asked: Sequence[tuple[str, int]]) -> FromHistories:
        """Look up what features take that ask for an entity and a half-life each."""
        return cls(
            operation.formula,
            tuple(_span(operation, layout, entity, half_life) for entity, half_life in asked),
            tuple(_places(operation, layout, entity, half_life) for entity, half_life in asked),
        )

    def columns(self, events: Events, inputs: FormulaInputs, sums: Floats) -> Floats:  # noqa: ARG002, D102
        taken = [_take_columns(sums, np.array(places)) for places in zip(*self.places, strict=True)]
        return cast(Floats, self.formula(COLUMNS, inputs, self._spans, *taken))

    @cached_property
    def _spans(self) -> Span:
        return Span(*np.array([tuple(vars(span).values()) for span in self.spans]).T)

    def one(self, event: Events, inputs: FormulaInputs, sums: Sequence[float]) -> list[float]:  # noqa: ARG002, D102
        formula = self.formula
        return [formula(PLAIN, inputs, span, *take(sums)) for span, take in self._takers]

    @cached_property
    def _takers(self) -> list[tuple[Span, Callable[[Sequence[float]], Sequence[float]]]]:
        """The features' half-lives, and what takes their sums from all of an event's."""
        return [(span, _taker(places)) for span, places in zip(self.spans, self.places, strict=True)]

    def each(self, events: Events, excess: Floats, sums: Floats) -> list[float]:
        """Return the only feature for each of n events that read ``sums``, (n, k)."""
        if len(events) == 1:
            return self.one(events, FormulaInputs.one(events, excess.item()), sums[0].tolist())
        with np.errstate(all="ignore"):
            found = self.columns(events, FormulaInputs.columns(events, excess), sums)
        return cast("list[float]", found[:, 0].tolist())


def _taker(places: Sequence[int]) -> Callable[[Sequence[float]], Sequence[float]]:
    # `itemgetter` gives a tuple of two and more.
    return itemgetter(*places) if len(places) > 1 else lambda sums: [sums[place] for place in places]


def _places(operation: HistoryFeature, layout: Layout, entity: str, half_life: int) -> tuple[int, ...]:
    return tuple(
        layout.places[entity, kind, _over(over, layout, entity, kind, half_life)] for kind, over in operation.sums
    )


def _span(operation: HistoryFeature, layout: Layout, entity: str, half_life: int) -> Span:
    half_lives_s = layout.half_lives_s.tolist()
    own_s, longest_s = half_lives_s[half_life], half_lives_s[-1]
    longer = [_over(over, layout, entity, kind, half_life) for kind, over in operation.sums if over == "longer"]
    longer_s = half_lives_s[longer[0]] if longer else longest_s
    return Span(own_s, longest_s, float(np.log(2)) / own_s, float(np.log(2)) / longer_s)


def _over(over: Over, layout: Layout, entity: str, kind: SumKind, half_life: int) -> int:
    if over == "own":
        return half_life
    if over == "longest":
        return len(layout.half_lives_s) - 1
    return min(h for e, k, h in layout.places if (e, k) == (entity, kind) and h > half_life)


def _step_of(features: Sequence[Feature], plan: HistoryPlan) -> Step:
    """Return the step that computes features of one operation; those that do not read histories are of one column."""
    operation, column = features[0].operation, features[0].source
    of_event = EVENT_FEATURES.get(operation)
    if of_event is not None and of_event.number is not None:
        return FromNumbers(of_event.number, column)
    if of_event is not None and of_event.category is not None:
        return FromCategory(of_event.category, column, tuple(features))
    asked = [(feature.source, feature.half_life) for feature in features]
    return FromHistories.of(HISTORY_FEATURES[operation], plan.layout, asked)


def _as_sum(feature: Feature) -> tuple[str, SumKind, int] | None:
    """Return which sum a feature is as it is read, None where it is computed."""
    record = HISTORY_FEATURES.get(feature.operation)
    if record is None or record.formula is not as_it_is_read:
        return None
    return feature.source, record.sums[0][0], feature.half_life


@dataclass(frozen=True, eq=False)
class FeatureSteps:
    """How f features are computed: each operation once, for all entities and half-lives together.

    ``sums`` are the places, in the plan's layout, of the features that are sums as they are read. What the steps give,
    after these, is put in order by ``order``, shape (f,).
    """

    sums: tuple[int, ...]
    steps: tuple[Step, ...]
    order: Ints

    @classmethod
    def of(cls, features: Sequence[Feature], plan: HistoryPlan) -> FeatureSteps:
        """Sort features into steps."""
        sums = {place: one for place, feature in enumerate(features) if (one := _as_sum(feature))}
        blocks: dict[tuple[str, str], list[int]] = {}
        for place, feature in enumerate(features):
            if place not in sums:
                column = "" if feature.operation in HISTORY_FEATURES else feature.source
                blocks.setdefault((feature.operation, column), []).append(place)
        filled = [*sums, *(place for places in blocks.values() for place in places)]
        return cls(
            sums=tuple(plan.layout.places[one] for one in sums.values()),
            steps=tuple(_step_of([features[place] for place in places], plan) for places in blocks.values()),
            order=np.argsort(np.array(filled, dtype=np.int64)),
        )

    def columns(self, events: Events, sums: Floats, excess: Floats) -> Matrix:
        """Return the features of n events, shape (n, f), float32, NaN where something is missing.

        ``sums`` is what the events read from their histories, (n, k), in the order of the plan's layout, ``excess``
        what `amount_excess` says of them, (n,).
        """
        # Arithmetic runs along columns where these lie one behind the other, and along rows where not.
        order: Literal["C", "F"] = "C" if sums.flags.c_contiguous else "F"
        filled = np.empty((len(events), len(self.order)), dtype=np.float32, order=order)
        first = len(self.sums)
        filled[:, :first] = _take_columns(sums, np.array(self.sums, dtype=np.int64))
        inputs = FormulaInputs.columns(events, excess)
        # IEEE 754 has an answer to everything, of which NumPy would warn.
        with np.errstate(all="ignore"):
            for step in self.steps:
                block = step.columns(events, inputs, sums)
                filled[:, first : first + block.shape[1]] = block
                first += block.shape[1]
        return np.ascontiguousarray(_take_columns(filled, self.order))

    def one(self, event: Events, sums: Sequence[float], excess: float) -> Matrix:
        """Return what `columns` returns, (1, f), for one event with k ``sums``."""
        inputs = FormulaInputs.one(event, excess)
        filled = [sums[place] for place in self.sums]
        for step in self.steps:
            filled += step.one(event, inputs, sums)
        with np.errstate(over="ignore"):
            return np.array(filled, dtype=np.float32)[self.order][None, :]


def _take_columns(table: Table, places: Ints) -> Table:
    """Return columns of a table, side by side as they are there: those of a file lie one behind the other."""
    return table.take(places, axis=1) if table.flags.c_contiguous else table.T.take(places, axis=0).T


def compute_features(
    features: Sequence[Feature], plan: HistoryPlan, events: Events, histories: Mapping[str, Floats]
) -> Matrix:
    """Return the features of n events, shape (n, len(features)), float32, NaN where something is missing.

    ``histories`` maps each entity to what the events read from it, shape (n, k) in the order of ``plan.sums``.
    """
    sums = plan.layout.side_by_side(histories, 0, len(events))
    return FeatureSteps.of(features, plan).columns(events, sums, amount_excess(plan, events, histories))
