"""Why events got their scores: exact contributions, grouped to business names and said in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tollgate.core.decision import Decisions
from tollgate.core.event import Events, Floats
from tollgate.core.reasons.circumstances import Circumstances
from tollgate.core.reasons.lime import Lime
from tollgate.core.reasons.words import say_reason
from tollgate.core.version import DetectorVersion

# How many reasons a request wants.
Wanted = Literal["top", "all", "none"]
TOP = 3
HIGHEST_IMPACT = 5


@dataclass(frozen=True)
class Reason:
    """What one idea did for the log-odds of an event, with its impact from -5 to 5 and a sentence."""

    name: str
    impact: int
    contribution: float
    sentence: str


@dataclass(frozen=True)
class Explanation:
    """The reasons of one event, the weightiest first; with all of them, ``base`` and contributions are the log-odds.

    Where ``stability`` is not None they are approximate: it says from 0 to 1 how far two halves of the sample agree.
    """

    base: float
    reasons: tuple[Reason, ...]
    stability: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the form in which decisions are answered."""
        return {
            "base_log_odds": self.base,
            "reasons": [dict(vars(reason)) for reason in self.reasons],
            "reasons_approximate": self.stability is not None,
            "reasons_stability": self.stability,
        }


def impact_of(contribution: float) -> int:
    """Return how often a contribution doubles the odds of fraud (below 0: halves them), rounded, from -5 to 5."""
    doublings = math.floor(abs(contribution) / math.log(2) + 0.5)
    return int(math.copysign(min(doublings, HIGHEST_IMPACT), contribution)) if doublings else 0


def explain_decisions(
    version: DetectorVersion, events: Events, decisions: Decisions, rows: Sequence[int], most: int | None = TOP
) -> list[Explanation]:
    """Return why the events at ``rows`` got their scores, with up to ``most`` reasons each, None for all.

    Reasons that raise and lower the score are ranked together, by size. A version without reasons explains nothing: the
    list is empty.
    """
    if version.reasons is None or not rows:
        return []
    explainer, features = version.reasons.explainer, decisions.features[list(rows)]
    if isinstance(explainer, Lime):
        guesses = [explainer.explain(version.model.predict, row, version.reason_groups) for row in features]
        return [
            Explanation(
                guess.base, _tell(_look(version, events, decisions, row), version, guess.values, most), guess.stability
            )
            for row, guess in zip(rows, guesses, strict=True)
        ]
    found = explainer.explain(features)
    return [
        Explanation(
            found.base, _tell(_look(version, events, decisions, row), version, _add_up(version, values), most, values)
        )
        for row, values in zip(rows, found.values, strict=True)
    ]


def _look(version: DetectorVersion, events: Events, decisions: Decisions, row: int) -> Circumstances:
    return Circumstances(
        version.event_type,
        version.history,
        events.part(row, row + 1),
        {entity: read[row : row + 1] for entity, read in decisions.reads.items()},
        version.features,
        decisions.features[row],
    )


def _add_up(version: DetectorVersion, values: Floats) -> Floats:
    order, starts = version.reason_order
    sums: Floats = np.add.reduceat(values[order], starts)
    return sums


def _tell(
    here: Circumstances, version: DetectorVersion, sums: Floats, most: int | None, values: Floats | None = None
) -> tuple[Reason, ...]:
    """Return the reasons with the largest of ``sums``, one a group; ``values`` are those of features, if known."""
    reasons = []
    for number in np.argsort(-np.abs(sums), kind="stable")[:most].tolist():
        group, contribution = version.reason_groups[number], float(sums[number])
        # The feature that says most, in the direction of the whole group; else the longest memory, which comes last.
        sign = -1.0 if contribution < 0 else 1.0
        leading = group.places[-1] if values is None else max(group.places, key=lambda place: values[place] * sign)
        reasons.append(Reason(group.name, impact_of(contribution), contribution, say_reason(here, leading)))
    return tuple(reasons)
