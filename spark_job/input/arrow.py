"""Arrow batches: the columns of a worker's events that histories need."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from tollgate.core.events.event import Events, Floats, Keys
from tollgate.core.events.event_type import EventType
from tollgate.core.files.columns.arrow_reader import ChunkEvents


def thin_columns(event_type: EventType, read: ChunkEvents) -> dict[str, pa.Array]:
    """Return all of n rows that histories need: ids, times, amounts, places, and the keys of their entities.

    Rows that cannot be used have their id, as far as they have one, and zeros and nulls.
    """
    events, codes = read.events, read.ids.codes
    nothing = pa.nulls(len(codes), pa.float64())
    where = np.full(len(codes), -1)
    where[read.places] = np.arange(len(events))
    rows = pa.array(where, mask=where < 0)
    keys = [_texts(events.entities[entity]) for entity in event_type.entities]
    lists = pa.array([list(row) for row in zip(*keys, strict=True)] or [[]] * len(events), pa.list_(pa.string()))
    return {
        "id": read.ids.values.arrow.take(pa.array(codes, mask=codes < 0)),
        "time_us": pa.array(events.times_us).take(rows).fill_null(0),
        **{
            name: nothing if column is None else pa.array(column, pa.float64()).take(rows)
            for name, column in (
                ("amount", events.amounts),
                ("latitude", events.latitudes),
                ("longitude", events.longitudes),
            )
        },
        "keys": lists.take(rows),
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
