"""Explanations of scores: exact contributions, grouped under business names, with a sentence each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tollgate.core.decisions.decide import Decisions
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.explanations.context import DecisionContext, find_leading, say_reason
from tollgate.core.explanations.explainer import Contributions
from tollgate.core.explanations.groups import Group, GroupOrder
from tollgate.core.explanations.lime import Lime
from tollgate.errors import InputError

# How many reasons a request wants.
Wanted = Literal["top", "all", "none"]
TOP = 3
MAX_IMPACT = 5
# Base and stability of an explanation, then feature and contribution of each reason.
Pins = list[Any]


@dataclass(frozen=True)
class RankedReason:
    """What one group of features did for the log-odds of an event, with its impact from -5 to 5 and a sentence.

    ``feature`` is the place of the feature that the sentence is about.
    """

    name: str
    impact: int
    contribution: float
    sentence: str
    feature: int


@dataclass(frozen=True)
class Explanation:
    """The reasons of one event, the weightiest first; with all of them, ``base`` and contributions are the log-odds.

    Where ``stability`` is not None they are approximate: it says from 0 to 1 how far two halves of the sample agree.
    """

    base: float
    reasons: tuple[RankedReason, ...]
    stability: float | None = None

    def pins(self) -> Pins:
        """Return what `rebuild_explanation` needs to rebuild this: numbers, without words."""
        return [self.base, self.stability, *([reason.feature, reason.contribution] for reason in self.reasons)]


def max_reasons(wanted: Wanted) -> int | None:
    """Return how many reasons a request wants at most, None for all."""
    return {"none": 0, "top": TOP, "all": None}[wanted]


def impacts_of(contributions: Floats) -> Ints:
    """Return how often each of n contributions doubles the odds of fraud (below 0: halves them), rounded, -5 to 5."""
    doublings = np.floor(np.abs(contributions) / math.log(2) + 0.5)
    impacts: Ints = np.copysign(np.minimum(doublings, MAX_IMPACT), contributions).astype(np.int64)
    return impacts


def explain_decisions(
    version: DetectorVersion, events: Events, decisions: Decisions, rows: Sequence[int], most: int | None = TOP
) -> list[Explanation]:
    """Return why the events at ``rows`` got their scores, with up to ``most`` reasons each, None for all.

    Reasons that raise and lower the score are ranked together, by size. A version without reasons explains nothing: the
    list is empty.
    """
    if version.reasons is None or not rows:
        return []
    return explain_from_context(version, _context_of(version, events, decisions, rows), most)


def explain_from_context(
    version: DetectorVersion, context: DecisionContext, most: int | None = TOP
) -> list[Explanation]:
    """Return what `explain_decisions` does, given what the events were decided from; the version has reasons."""
    assert version.reasons is not None
    explainer = version.reasons.explainer
    if isinstance(explainer, Lime):
        guesses = [explainer.explain(version.model.predict, row, version.reason_groups) for row in context.values]
        ranked = _rank_reasons(version.reason_groups, context, np.array([guess.values for guess in guesses]), most)
        return [
            Explanation(guess.base, reasons, guess.stability) for guess, reasons in zip(guesses, ranked, strict=True)
        ]
    return explain_contributions(
        version.reason_groups, version.reason_order, context, explainer.explain(context.values), most
    )


def explain_contributions(
    groups: Sequence[Group], order: GroupOrder, context: DecisionContext, found: Contributions, most: int | None = TOP
) -> list[Explanation]:
    """Return the reasons of events whose exact contributions are known."""
    ranked = _rank_reasons(groups, context, order.sum_up(found.values), most, found.values)
    return [Explanation(found.base, reasons) for reasons in ranked]


def rebuild_explanation(
    version: DetectorVersion, events: Events, decisions: Decisions, pins: Sequence[Any]
) -> Explanation:
    """Return the explanation of the only event from its `Explanation.pins`, and from what it was decided on.

    Raises `InputError` where they belong to another version.
    """
    base, stability, *pinned = pins
    here = _context_of(version, events, decisions, [0]).at(0)
    names = {place: group.name for group in version.reason_groups for place in group.places}
    if not names.keys() >= {feature for feature, _ in pinned}:
        raise InputError(
            "The decision's reasons are about features that this version lacks; give the version that decided."
        )
    impacts = impacts_of(np.array([contribution for _, contribution in pinned])).tolist()
    reasons = [
        RankedReason(names[feature], impact, contribution, say_reason(here, feature), feature)
        for (feature, contribution), impact in zip(pinned, impacts, strict=True)
    ]
    return Explanation(base, tuple(reasons), stability)


def _context_of(version: DetectorVersion, events: Events, decisions: Decisions, rows: Sequence[int]) -> DecisionContext:
    which = np.array(rows)
    reads = {entity: read[which] for entity, read in decisions.reads.sums.items()}
    return DecisionContext(
        version.event_type,
        version.history,
        events.take(which),
        version.history.layout.side_by_side(reads, 0, len(which)),
        decisions.reads.excess[which],
        version.features,
        decisions.features[which],
    )


def _rank_reasons(
    groups: Sequence[Group], context: DecisionContext, sums: Floats, most: int | None, values: Floats | None = None
) -> list[tuple[RankedReason, ...]]:
    """Return n events' reasons with the largest of ``sums``, (n, g); ``values``, (n, f), are those of features."""
    chosen = np.argsort(-np.abs(sums), axis=1, kind="stable")[:, :most]
    width, chosen = chosen.shape[1], chosen.reshape(-1)
    rows = np.repeat(np.arange(len(sums)), width)
    contributions = sums[rows, chosen]
    if values is None:  # the longest memory comes last
        leading = np.array([group.places[-1] for group in groups])[chosen]
    else:
        leading = find_leading(values, [group.places for group in groups], rows, chosen, contributions)
    each = (found.tolist() for found in (rows, chosen, impacts_of(contributions), contributions, leading))
    here = [context.at(row) for row in range(len(sums))]
    reasons = [
        RankedReason(groups[number].name, impact, contribution, say_reason(here[row], place), place)
        for row, number, impact, contribution, place in zip(*each, strict=True)
    ]
    return [tuple(reasons[first : first + width]) for first in range(0, len(reasons), width)]
