"""Decisions on a chunk of a file, some thousand events at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.explanations.context import DecisionContext
from tollgate.core.explanations.explain import TOP, explain_from_context
from tollgate.core.features.feature import Matrix
from tollgate.core.history.engine.engine import ChunkReads
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.rules.matches import RuleAnswers

# As many events as have sums that fit the processor's cache together. With a power of two, all cells of a row would
# have the same few places in it.
_BLOCK_EVENTS = 2000

# As many as share what sentences on histories take.
_EXPLAINED_EVENTS = 1024


@dataclass(frozen=True)
class ChunkDecisions:
    """What was decided on n events.

    ``ranks`` are places among the version's outcomes, from weak to strong. ``rules`` maps an event to the names of the
    rules that counted for it, where there are any; ``rule_counts`` says how often each did. ``reasons`` maps an event
    that is not simply approved to its reasons. ``downgraded`` maps an event that a rule gave a weaker outcome to the
    place of the one that its score alone gives.
    """

    probabilities: Floats
    scores: Ints
    ranks: Ints
    rules: Mapping[int, str]
    rule_counts: Ints
    reasons: Mapping[int, Sequence[str]]
    downgraded: Mapping[int, int]


def decide_chunk(version: DetectorVersion, events: Events, reads: ChunkReads, pool: Executor) -> ChunkDecisions:
    """Decide on n events, given what they read; parts of them at the same time in ``pool``."""
    starts = range(0, max(len(events), 1), _BLOCK_EVENTS)
    parts = list(pool.map(lambda start: _decide_part(version, events, reads, start), starts))
    ranks = np.concatenate([part.ranks for part in parts])
    reasons: dict[int, Sequence[str]] = {}
    if version.reasons is not None:
        flagged = np.flatnonzero(ranks != version.order.index(version.outcomes[0].name))
        features = np.concatenate([part.flagged for part in parts])
        firsts = range(0, len(flagged), _EXPLAINED_EVENTS)
        told = pool.map(
            lambda first: _explain(
                version, events, reads, flagged[first:][:_EXPLAINED_EVENTS], features[first:][:_EXPLAINED_EVENTS]
            ),
            firsts,
        )
        reasons = dict(zip(flagged.tolist(), (one for some in told for one in some), strict=True))
    return ChunkDecisions(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.scores for part in parts]),
        ranks,
        {start + row: names for start, part in zip(starts, parts, strict=True) for row, names in part.rules.items()},
        np.sum([part.rule_counts for part in parts], axis=0, dtype=np.int64),
        reasons,
        {start + row: rank for start, part in zip(starts, parts, strict=True) for row, rank in part.downgraded.items()},
    )


@dataclass(frozen=True)
class _Part:
    """What was decided on some thousand events; ``flagged`` are the features of those that are not simply approved."""

    probabilities: Floats
    scores: Ints
    ranks: Ints
    rules: Mapping[int, str]
    rule_counts: Ints
    flagged: Matrix
    downgraded: Mapping[int, int]


def _decide_part(version: DetectorVersion, events: Events, reads: ChunkReads, start: int) -> _Part:
    stop = min(start + _BLOCK_EVENTS, len(events))
    some, sums = events.part(start, stop), np.ascontiguousarray(reads.sums[:, start:stop])
    features = version.feature_steps.columns(some, sums.T, reads.excess[start:stop])
    probabilities = version.model.predict(features)
    scores = version.scale.score(probabilities)
    rules = RuleAnswers.of(version.rules, RuleInputs(some, features, scores))
    by_score = version.ranks_by_score.take(scores)
    ranks = rules.ranks(by_score, version.order)
    weaker = np.flatnonzero(ranks < by_score)
    downgraded = dict(zip(weaker.tolist(), by_score[weaker].tolist(), strict=True))
    flagged = features[ranks != version.order.index(version.outcomes[0].name)]
    named = {row: "; ".join(hit) for row, hit in enumerate(rules.names()) if hit}
    return _Part(probabilities, scores, ranks, named, rules.counted.sum(axis=1), flagged, downgraded)


def _explain(
    version: DetectorVersion, events: Events, reads: ChunkReads, rows: Ints, features: Matrix
) -> list[list[str]]:
    context = DecisionContext(
        version.event_type,
        version.history,
        events.take(rows),
        reads.sums[:, rows].T,
        reads.excess[rows],
        version.features,
        features,
    )
    return [
        [f"{reason.sentence.rstrip('.')} ({reason.impact:+d})" for reason in explanation.reasons]
        for explanation in explain_from_context(version, context, TOP)
    ]
