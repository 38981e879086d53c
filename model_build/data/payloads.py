"""Event payloads from the rows of a table, as a caller posts them, and those that a version has as examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from tollgate.core.events.cells import read_texts
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.arrow_columns import plain_column, python_values

from model_build.data.table import LabeledEvents
from model_build.models.registry import Labels

_EXAMPLE_KINDS: tuple[tuple[str, int, int, int], ...] = (
    ("Fraud with a high score", 1, 975, 1001),
    ("Fraud in the gray zone", 1, 700, 975),
    ("Fraud that looks ordinary", 1, 0, 700),
    ("Ordinary payment", 0, 0, 300),
    ("Ordinary payment with a middling score", 0, 600, 900),
    ("False alarm: legitimate with a high score", 0, 950, 1001),
)


def post_columns(event_type: EventType, data: LabeledEvents, rows: Ints) -> dict[str, list[object]]:
    """Return each variable of the given rows: a value for each of them, None where it is missing."""
    events = data.events.take(rows)
    columns: dict[str, list[object]] = {} if event_type.id is None else {event_type.id: list(events.ids)}
    columns[event_type.timestamp] = [event_type.time_format.write(time_us) for time_us in events.times_us.tolist()]
    for column, values in _numbers(event_type, events):
        boolean = column in event_type.boolean
        given = (None if value != value else value for value in values.tolist())  # noqa: PLR0124 - NaN
        columns[column] = [bool(value) if boolean and value is not None else value for value in given]
    for column in event_type.text_columns:
        columns[column] = list(read_texts(column, _values_at(data.table.column(column), data.rows[rows]))[0])
    return columns


def _values_at(column: Any, rows: Ints) -> list[Any]:  # noqa: ANN401 - an Arrow array or a list
    values = plain_column(column).values
    if isinstance(values, list):
        return [values[row] for row in rows.tolist()]
    return python_values(values.take(rows))


def _numbers(event_type: EventType, events: Events) -> Iterator[tuple[str, Floats]]:
    for column, values in (
        (event_type.amount, events.amounts),
        (event_type.latitude, events.latitudes),
        (event_type.longitude, events.longitudes),
        *events.numeric.items(),
    ):
        if column is not None and values is not None:
            yield column, values


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
