"""Decisions on a chunk of a file, some thousand events at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from tollgate.core.decisions.decide import Reads, blocks_of, decide
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.explanations.context import DecisionContext
from tollgate.core.explanations.explain import TOP, explain_from_context
from tollgate.core.features.feature import Matrix
from tollgate.core.history.engine.engine import ChunkReads

Of = TypeVar("Of")
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
    blocks, told = blocks_of(len(events)), Reads.side_by_side(version.history.layout, reads.sums.T, reads.excess)
    parts = list(pool.map(lambda block: _decide_block(version, events, told, block), blocks))
    ranks = np.concatenate([part.ranks for part in parts])
    reasons: dict[int, Sequence[str]] = {}
    if version.reasons is not None:
        flagged = np.flatnonzero(ranks != version.order.index(version.outcomes[0].name))
        features = np.concatenate([part.flagged for part in parts])
        firsts = range(0, len(flagged), _EXPLAINED_EVENTS)
        explained = pool.map(
            lambda first: _explain(
                version, events, reads, flagged[first:][:_EXPLAINED_EVENTS], features[first:][:_EXPLAINED_EVENTS]
            ),
            firsts,
        )
        reasons = dict(zip(flagged.tolist(), (one for some in explained for one in some), strict=True))
    return ChunkDecisions(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.scores for part in parts]),
        ranks,
        _place(blocks, [part.rules for part in parts]),
        np.sum([part.rule_counts for part in parts], axis=0, dtype=np.int64),
        reasons,
        _place(blocks, [part.downgraded for part in parts]),
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


def _decide_block(version: DetectorVersion, events: Events, reads: Reads, block: slice) -> _Part:
    decisions = decide(version, events.part(block.start, block.stop), reads.part(block))
    ranks, by_score = decisions.ranks, version.ranks_by_score.take(decisions.scores)
    weaker = np.flatnonzero(ranks < by_score)
    return _Part(
        decisions.probabilities,
        decisions.scores,
        ranks,
        {row: "; ".join(hit) for row, hit in enumerate(decisions.rules.names()) if hit},
        decisions.rules.counted.sum(axis=1),
        decisions.features[ranks != version.order.index(version.outcomes[0].name)],
        dict(zip(weaker.tolist(), by_score[weaker].tolist(), strict=True)),
    )


def _place(blocks: Sequence[slice], parts: Sequence[Mapping[int, Of]]) -> dict[int, Of]:
    """Return what is known of rows of blocks by the rows of the chunk."""
    return {block.start + row: its for block, part in zip(blocks, parts, strict=True) for row, its in part.items()}


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
