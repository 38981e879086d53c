"""Events of a table as they are posted to be decided on: texts, numbers and booleans."""

from __future__ import annotations

from collections.abc import Iterator

from tollgate.core.event import Events, Floats, Ints
from tollgate.core.event_type import EventType
from tollgate.core.values import read_texts

from model_build.data import LabelledEvents


def post_columns(event_type: EventType, data: LabelledEvents, rows: Ints) -> dict[str, list[object]]:
    """Return each variable of the given rows: a value for each of them, None where it is missing."""
    events = data.events.take(rows)
    columns: dict[str, list[object]] = {
        event_type.id: list(events.ids),
        event_type.timestamp: [event_type.time_format.write(time_us) for time_us in events.times_us.tolist()],
    }
    for column, values in _numbers(event_type, events):
        boolean = column in event_type.boolean
        given = (None if value != value else value for value in values.tolist())  # noqa: PLR0124 - NaN
        columns[column] = [bool(value) if boolean and value is not None else value for value in given]
    texts = data.table.select(event_type.text_columns).take(data.rows[rows])
    for column in event_type.text_columns:
        columns[column] = list(read_texts(column, texts[column].to_pylist())[0])
    return columns


def _numbers(event_type: EventType, events: Events) -> Iterator[tuple[str, Floats]]:
    for column, values in (
        (event_type.amount, events.amounts),
        (event_type.latitude, events.latitudes),
        (event_type.longitude, events.longitudes),
        *events.numeric.items(),
    ):
        if column is not None and values is not None:
            yield column, values
