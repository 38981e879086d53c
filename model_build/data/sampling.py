"""Weighted sample of the test part, to seal with a version."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tollgate.core.events.event import Floats, Ints

from model_build.data.table import LabeledEvents

# Frauds are rare: so much of the room is kept for them.
_SHARE_OF_FRAUDS = 0.2


@dataclass(frozen=True)
class WeightedSample:
    """Rows that were drawn, in order of time, and how many events each one stands for; both of shape (k,)."""

    rows: Ints
    weights: Floats


EMPTY_SAMPLE = WeightedSample(np.empty(0, dtype=np.int64), np.empty(0))


def sample_past_events(data: LabeledEvents, among: Ints, limit: int, seed: int) -> WeightedSample:
    """Return up to ``limit`` of the rows ``among``: all frauds up to a fifth of ``limit``, then a sample of others."""
    generator = np.random.default_rng(seed)
    is_fraud = data.labels[among] == 1
    frauds, others = among[is_fraud], among[~is_fraud]
    kept = _sample(frauds, int(limit * _SHARE_OF_FRAUDS), generator)
    filled = _sample(others, limit - len(kept), generator)
    rows = np.concatenate([kept, filled])
    weights = np.concatenate([_weigh(kept, len(frauds)), _weigh(filled, len(others))])
    order = np.argsort(rows)
    return WeightedSample(rows[order], weights[order])


def _sample(rows: Ints, limit: int, generator: np.random.Generator) -> Ints:
    return rows if len(rows) <= limit else generator.choice(rows, limit, replace=False)


def _weigh(sample: Ints, among: int) -> Floats:
    return np.full(len(sample), among / max(len(sample), 1))
