"""The past events that a version is sealed with: frauds and ordinary ones of the test part, as they were posted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tollgate.core.event import Floats, Ints
from tollgate.core.event_type import EventType
from tollgate.core.feature import Matrix
from tollgate.core.past_events import write_past_events

from model_build.data import LabelledEvents
from model_build.posting import post_columns

# Frauds are rare: so much of the room is kept for them.
_SHARE_OF_FRAUDS = 0.2


@dataclass(frozen=True)
class Drawn:
    """Rows that were drawn, in order of time, and how many events each one stands for; both of shape (k,)."""

    rows: Ints
    weights: Floats


def draw_past_events(data: LabelledEvents, among: Ints, most: int, seed: int) -> Drawn:
    """Return up to ``most`` of the rows ``among``: all frauds up to a fifth of ``most``, and a sample of the others."""
    generator = np.random.default_rng(seed)
    is_fraud = data.labels[among] == 1
    frauds, others = among[is_fraud], among[~is_fraud]
    kept = _sample(frauds, int(most * _SHARE_OF_FRAUDS), generator)
    filled = _sample(others, most - len(kept), generator)
    rows = np.concatenate([kept, filled])
    weights = np.concatenate([_weigh(kept, len(frauds)), _weigh(filled, len(others))])
    order = np.argsort(rows)
    return Drawn(rows[order], weights[order])


def _sample(rows: Ints, most: int, generator: np.random.Generator) -> Ints:
    return rows if len(rows) <= most else generator.choice(rows, most, replace=False)


def _weigh(drawn: Ints, among: int) -> Floats:
    return np.full(len(drawn), among / max(len(drawn), 1))


def encode_past_events(
    event_type: EventType,
    data: LabelledEvents,
    drawn: Drawn,
    features: Matrix,
    scores: Ints | None = None,
    probabilities: Floats | None = None,
) -> bytes | None:
    """Return the file of the events that were drawn; None where there are none.

    ``features`` (n, f), ``scores`` (n,) and ``probabilities`` (n,) are those of all events.
    """
    rows = drawn.rows
    if not len(rows):
        return None
    arrays: dict[str, npt.NDArray[Any] | None] = {
        "features": features[rows].astype(np.float32),
        "labels": data.labels[rows],
        "weights": drawn.weights,
        "scores": None if scores is None else scores[rows],
        "probabilities": None if probabilities is None else probabilities[rows],
    }
    return write_past_events(post_columns(event_type, data, rows), arrays)
