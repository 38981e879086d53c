"""Why events got their scores: exact contributions, grouped to business names and said in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from tollgate.core.decision import Decisions
from tollgate.core.event import Events, Floats
from tollgate.core.reasons.circumstances import Circumstances
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
    """The reasons of one event, the weightiest first; with all of them, ``base`` and contributions are the log-odds."""

    base: float
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the form in which decisions are answered."""
        return {"base_log_odds": self.base, "reasons": [asdict(reason) for reason in self.reasons]}


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
    found = version.reasons.explainer.explain(decisions.features[list(rows)])
    return [
        Explanation(found.base, _tell(version, events, decisions, row, values, most))
        for row, values in zip(rows, found.values, strict=True)
    ]


def _tell(
    version: DetectorVersion, events: Events, decisions: Decisions, row: int, values: Floats, most: int | None
) -> tuple[Reason, ...]:
    here = Circumstances(
        version.event_type,
        version.history,
        events.part(row, row + 1),
        {entity: read[row : row + 1] for entity, read in decisions.reads.items()},
        version.features,
        decisions.features[row],
    )
    sums = [float(values[list(group.places)].sum()) for group in version.reason_groups]
    order = sorted(range(len(sums)), key=lambda place: -abs(sums[place]))
    reasons = []
    for number in order[:most]:
        group = version.reason_groups[number]
        # The feature that says most, in the direction of the whole group.
        leading = max(group.places, key=lambda place: values[place] * np.sign(sums[number] or 1.0))
        reasons.append(Reason(group.name, impact_of(sums[number]), sums[number], say_reason(here, leading)))
    return tuple(reasons)
