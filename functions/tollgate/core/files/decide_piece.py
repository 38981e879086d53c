"""What a detector version says about the events of a piece, some thousand at a time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from tollgate.core.decision import Decisions
from tollgate.core.event import Events, Floats, Ints
from tollgate.core.explain import explain_decisions
from tollgate.core.files.histories import PieceReads
from tollgate.core.history_features import HistoryReading
from tollgate.core.rules.answers import RuleAnswers
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.version import DetectorVersion

# As many events as have sums that fit the processor's cache together.
_AT_ONCE = 4096


@dataclass(frozen=True)
class PieceDecisions:
    """What was decided on n events.

    ``ranks`` are places among the version's outcomes, from weak to strong; ``rules`` are the names of the rules that
    counted, ``rule_counts`` how often each did; ``reasons`` maps an event that is not simply approved to its reasons.
    """

    probabilities: Floats
    scores: Ints
    ranks: Ints
    rules: Sequence[str]
    rule_counts: Ints
    reasons: dict[int, list[str]]


def decide_piece(version: DetectorVersion, events: Events, reads: PieceReads, pool: Executor) -> PieceDecisions:
    """Decide on n events, given what they read; parts of them at the same time in ``pool``."""
    starts = range(0, len(events), _AT_ONCE)
    parts = list(pool.map(lambda start: _decide_part(version, events, reads, start), starts))
    reasons = {start + place: its for start, part in zip(starts, parts, strict=True) for place, its in part.reasons.items()}
    return PieceDecisions(
        np.concatenate([part.probabilities for part in parts] or [np.empty(0)]),
        np.concatenate([part.scores for part in parts] or [np.empty(0, dtype=np.int64)]),
        np.concatenate([part.ranks for part in parts] or [np.empty(0, dtype=np.int64)]),
        [names for part in parts for names in part.rules],
        np.sum([part.rule_counts for part in parts], axis=0, dtype=np.int64)
        if parts
        else np.zeros(len(version.rules.rules), dtype=np.int64),
        reasons,
    )


def _decide_part(version: DetectorVersion, events: Events, reads: PieceReads, start: int) -> PieceDecisions:
    stop = min(start + _AT_ONCE, len(events))
    some, sums, excess = events.part(start, stop), reads.sums[:, start:stop], reads.excess[start:stop]
    features = version.feature_steps.compute(some, HistoryReading(np.ascontiguousarray(sums).T, excess))
    probabilities = version.model.predict(features)
    scores = version.scale.score(probabilities)
    rules = RuleAnswers.of(version.rules, RuleInputs(some, features, scores))
    ranks = rules.ranks(version.ranks_by_score.take(scores), version.order)
    flagged = np.flatnonzero(ranks != version.order.index(version.outcomes[0].name))
    reasons = {}
    if len(flagged) and version.reasons is not None:
        names = tuple(version.order[rank] for rank in ranks.tolist())
        parts = version.history.layout.parts
        by_entity = {entity: sums[part].T for entity, part in parts.items()}
        decided = Decisions(probabilities, scores, names, excess, rules, features, by_entity)
        told = explain_decisions(version, some, decided, flagged.tolist())
        reasons = {
            place: [f"{reason.sentence.rstrip('.')} ({reason.impact:+d})" for reason in one.reasons]
            for place, one in zip(flagged.tolist(), told, strict=True)
        }
    named = ["; ".join(hit) for hit in rules.names()] if version.rules.rules else []
    return PieceDecisions(probabilities, scores, ranks, named, rules.counted.sum(axis=1), reasons)


