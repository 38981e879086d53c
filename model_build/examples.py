"""Real past events to try a detector with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from tollgate.core.event import Events, Ints
from tollgate.core.event_type import EventType

from model_build.candidates import Labels
from model_build.data import LabelledEvents

_WANTED: tuple[tuple[str, int, int, int], ...] = (
    ("Fraud with a high score", 1, 975, 1001),
    ("Fraud in the grey zone", 1, 700, 975),
    ("Fraud that looks ordinary", 1, 0, 700),
    ("Ordinary payment", 0, 0, 300),
    ("Ordinary payment with a middling score", 0, 600, 900),
    ("False alarm: legitimate with a high score", 0, 950, 1001),
)


def choose_examples(
    event_type: EventType, data: LabelledEvents, rows: Ints, labels: Labels, scores: Ints
) -> list[dict[str, Any]]:
    """Return up to one event of each kind worth seeing, from ``rows``; ``labels`` and ``scores`` belong to them."""
    examples = []
    for title, label, low, high in _WANTED:
        fitting = np.flatnonzero((labels == label) & (scores >= low) & (scores < high))
        if len(fitting):
            row = int(rows[fitting[len(fitting) // 2]])
            event = plain_event(event_type, data.events, row)
            examples.append({"title": title, "event": event, "label": "fraud" if label else "legitimate"})
    return examples


def plain_event(event_type: EventType, events: Events, row: int) -> dict[str, Any]:
    """Return one event as it is posted: column → text, number or boolean; what is missing is left out."""
    moment = datetime.fromtimestamp(events.times_us[row] / 1e6, UTC)
    plain: dict[str, Any] = {event_type.id: events.ids[row], event_type.timestamp: _write_time(moment, event_type)}
    numbers: dict[str | None, Any] = dict(events.numeric.items())
    numbers |= {
        event_type.amount: events.amounts,
        event_type.latitude: events.latitudes,
        event_type.longitude: events.longitudes,
    }
    for column, values in numbers.items():
        if column is not None and not np.isnan(values[row]):
            plain[column] = bool(values[row]) if column in event_type.boolean else float(values[row])
    texts = dict(events.categories)
    texts |= {parts[0]: events.entities[name] for name, parts in event_type.entities.items() if len(parts) == 1}
    for column, keys in texts.items():
        if keys.codes[row] >= 0:
            plain[column] = keys.values[keys.codes[row]]
    return plain


def _write_time(moment: datetime, event_type: EventType) -> str | float:
    if event_type.timestamp_format == "iso":
        return moment.isoformat().replace("+00:00", "Z")
    if event_type.timestamp_format in ("epoch_s", "epoch_ms"):
        return moment.timestamp() * (1000 if event_type.timestamp_format == "epoch_ms" else 1)
    return moment.strftime(event_type.timestamp_format)
