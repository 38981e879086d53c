"""Event payloads from the rows of a table: text, numbers and booleans, as a caller posts them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tollgate.core.events.cells import read_texts
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.arrow_columns import plain_column
from tollgate.core.files.readers.python_values import python_values

from model_build.data.table import LabeledEvents


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
