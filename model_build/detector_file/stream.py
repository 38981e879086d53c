"""Section [stream] of a detector file: the path of each column in stream records of another layout."""

from __future__ import annotations

from collections.abc import Mapping

from tollgate.core.events.event_type import EventType
from tollgate.core.streams.mapping import KEY, StreamMapping
from tollgate.errors import suggest

from model_build.detector_file.toml import TomlReader

STREAM_KEYS = ("mapping", "minor_units")
_MAX_DECIMALS = 6


def read_stream(reader: TomlReader, event_type: EventType) -> StreamMapping:
    """Read [stream]. Raises `DetectorFileError` naming the key, and the nearest known column."""
    columns = reader.take("stream", "mapping", dict, {})
    minor_units = reader.take("stream", "minor_units", dict, {})
    for column, path in columns.items():
        _check_column(reader, "mapping", column, event_type.accepted)
        _check_path(reader, column, path)
    for column in (event_type.id, event_type.timestamp):
        if columns and column is not None and column not in columns:
            raise reader.fail(
                "stream", "mapping", f'lacks "{column}"{suggest(column, columns)}, which every event needs'
            )
    _check_units(reader, minor_units, columns, event_type)
    return StreamMapping(columns, minor_units)


def _check_column(reader: TomlReader, key: str, column: str, known: frozenset[str]) -> None:
    if column not in known:
        wanted = suggest(column, known) or f"; the declared columns are {', '.join(sorted(known))}"
        raise reader.fail("stream", key, f'names "{column}", which is not a column of [event] or [entities]{wanted}')


def _check_path(reader: TomlReader, column: str, path: object) -> None:
    if not isinstance(path, str) or not all(path.split(".")):
        raise reader.fail("stream", "mapping", f'must give "{column}" a path such as "payment.id", not {path!r}')
    if path.startswith("$") and path != KEY:
        raise reader.fail(
            "stream", "mapping", f'gives "{column}" the path "{path}"; the only path that begins with $ is "{KEY}"'
        )


def _check_units(
    reader: TomlReader, minor_units: Mapping[str, object], columns: Mapping[str, str], event_type: EventType
) -> None:
    numbers = frozenset((*event_type.numeric, *([event_type.amount] if event_type.amount else [])))
    for column, places in minor_units.items():
        _check_column(reader, "minor_units", column, numbers)
        if column not in columns:
            raise reader.fail("stream", "minor_units", f'names "{column}", which has no path in mapping')
        if isinstance(places, bool) or not isinstance(places, int) or not 1 <= places <= _MAX_DECIMALS:
            raise reader.fail(
                "stream", "minor_units", f'must give "{column}" 1 to {_MAX_DECIMALS} decimals, not {places!r}'
            )
