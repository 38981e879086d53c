"""Batches of Arrow columns: what a worker gets, as the values that the core reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from tollgate.core.event import Events, Floats, Keys
from tollgate.core.event_type import EventType
from tollgate.core.files.python_values import python_values


def read_columns(event_type: EventType, names: Sequence[str], cells: pa.StructArray) -> Mapping[str, Sequence[Any]]:
    """Return the cells of the columns that an event has, as the file door reads them from Parquet."""
    columns = cells.flatten()
    return {name: python_values(columns[names.index(name)]) for name in event_type.variables}


def thin_columns(event_type: EventType, events: Events) -> dict[str, pa.Array]:
    """Return all of n events that histories need: ids, times, amounts, places, and the keys of their entities."""
    nothing = pa.nulls(len(events), pa.float64())
    keys = [_texts(events.entities[entity]) for entity in event_type.entities]
    return {
        "id": pa.array([text or None for text in events.ids], pa.string()),
        "time_us": pa.array(events.times_us),
        **{
            name: nothing if column is None else pa.array(column)
            for name, column in (
                ("amount", events.amounts),
                ("latitude", events.latitudes),
                ("longitude", events.longitudes),
            )
        },
        "keys": pa.array([list(row) for row in zip(*keys, strict=True)] or [[]] * len(events), pa.list_(pa.string())),
    }


def thin_events(event_type: EventType, table: pa.Table) -> Events:
    """Rebuild what `thin_columns` kept of events."""

    def floats(name: str, declared: str | None) -> Floats | None:
        return None if declared is None else table[name].to_numpy().astype(np.float64)

    rows = table["keys"].to_pylist()
    return Events(
        ids=[""] * table.num_rows,
        times_us=table["time_us"].to_numpy(),
        amounts=floats("amount", event_type.amount),
        latitudes=floats("latitude", event_type.latitude),
        longitudes=floats("longitude", event_type.longitude),
        numeric={},
        categories={},
        entities={entity: Keys.of([row[place] for row in rows]) for place, entity in enumerate(event_type.entities)},
    )


def _texts(keys: Keys) -> list[str | None]:
    return [None if code < 0 else keys.values[code] for code in keys.codes.tolist()]
