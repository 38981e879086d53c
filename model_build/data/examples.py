"""Example events of a version: real past events to try a detector with."""

from __future__ import annotations

from typing import Any

import numpy as np
from tollgate.core.events.event import Ints
from tollgate.core.events.event_type import EventType

from model_build.data.payloads import post_columns
from model_build.data.table import LabeledEvents
from model_build.models.registry import Labels

_EXAMPLE_KINDS: tuple[tuple[str, int, int, int], ...] = (
    ("Fraud with a high score", 1, 975, 1001),
    ("Fraud in the grey zone", 1, 700, 975),
    ("Fraud that looks ordinary", 1, 0, 700),
    ("Ordinary payment", 0, 0, 300),
    ("Ordinary payment with a middling score", 0, 600, 900),
    ("False alarm: legitimate with a high score", 0, 950, 1001),
)


def choose_examples(
    event_type: EventType, data: LabeledEvents, rows: Ints, labels: Labels, scores: Ints
) -> list[dict[str, Any]]:
    """Return up to one event of each kind worth seeing, from ``rows``; ``labels`` and ``scores`` belong to them."""
    examples = []
    for title, label, low, high in _EXAMPLE_KINDS:
        fitting = np.flatnonzero((labels == label) & (scores >= low) & (scores < high))
        if len(fitting):
            row = int(rows[fitting[len(fitting) // 2]])
            posted = post_columns(event_type, data, np.array([row]))
            event = {name: value for name, (value,) in posted.items() if value is not None}
            examples.append({"title": title, "event": event, "label": "fraud" if label else "legitimate"})
    return examples
