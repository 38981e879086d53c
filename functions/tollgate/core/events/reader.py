"""Reader of events from plain values: outside columns into `Events`, each value checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import TypeVar

import numpy as np

from tollgate.core.events.cells import (
    Problem,
    bound,
    read_boolean,
    read_each,
    read_number,
    read_numbers,
    read_text,
    read_texts,
    shown,
)
from tollgate.core.events.event import Events, Floats, Ints, Keys, join_keys
from tollgate.core.events.event_type import EventType
from tollgate.core.events.missing_columns import list_names, say_lacking
from tollgate.core.times.clock_skew import SkewLimit
from tollgate.errors import EventError, InputError, TableError, suggest

Columns = Mapping[str, Sequence[object]]
Read = TypeVar("Read")

AMOUNT_LIMIT = 1e12
NO_ID = "an id is required"
_AMOUNT, _LATITUDE, _LONGITUDE = bound(-AMOUNT_LIMIT, AMOUNT_LIMIT), bound(-90, 90), bound(-180, 180)


def read_events(
    event_type: EventType, columns: Columns, *, whole: bool = True, limit: SkewLimit | None = None
) -> tuple[Events, list[Problem]]:
    """Read columns of n values each into n events and the problems that make rows unusable.

    A declared column that is absent counts as missing values; `require_columns` is for tables, where that is an error.
    A row with a problem still has its place in the events, with the bad value missing, and takes no id. Of other rows
    that repeat one the later has the problem, unless the columns are not the ``whole`` table and the caller has to
    look for that. With a ``limit``, rows that lie ahead of the clock are treated as that says.
    """
    n = len(next(iter(columns.values()), ()))
    problems: list[Problem] = []
    nothing: list[object] = [None] * n

    def note(result: tuple[Read, list[Problem]]) -> Read:
        problems.extend(result[1])
        return result[0]

    def column(name: str) -> Sequence[object]:
        given = columns.get(name, nothing)
        return [event_type.without_null(value) for value in given] if event_type.null_values else given

    def number(name: str, reader: Callable[[object], float]) -> Floats:
        return note(read_each(name, column(name), written(event_type, reader), np.nan))

    texts = {name: Keys.of(note(read_texts(name, column(name)))) for name in event_type.text_columns}
    if event_type.number_format.is_plain:
        numeric = {name: note(read_numbers(name, column(name))) for name in event_type.numeric}
    else:
        numeric = {name: number(name, read_number) for name in event_type.numeric}
    numeric |= {name: note(read_each(name, column(name), read_boolean, np.nan)) for name in event_type.boolean}
    if event_type.id is None:
        ids = [str(row + 1) for row in range(n)]
    else:
        ids = note(_read_ids(event_type.id, column(event_type.id)))
    times_us = note(event_type.time_format.read_column(event_type.timestamp, column(event_type.timestamp)))
    if limit is not None:
        times_us, _, ahead = limit.settle(times_us)
        problems += ahead
    events = _put_together(event_type, ids, times_us, texts, numeric, number)
    if whole and event_type.id is not None:
        problems += _find_repeated(event_type.id, ids, {problem.row for problem in problems})
    return events, problems


def written(event_type: EventType, reader: Callable[[object], float]) -> Callable[[object], float]:
    """Return a reader of numbers for those that are written as the event type says."""
    form = event_type.number_format
    return reader if form.is_plain else lambda value: reader(form.plain(value))


def read_amount(event_type: EventType, event: Mapping[str, object]) -> float:
    """Return the amount of an event that was read before, NaN without one."""
    if event_type.amount is None:
        return float("nan")
    return written(event_type, read_number)(event_type.without_null(event.get(event_type.amount)))


def _put_together(
    event_type: EventType,
    ids: Sequence[str],
    times_us: Ints,
    texts: Mapping[str, Keys],
    numeric: Mapping[str, Floats],
    number: Callable[[str, Callable[[object], float]], Floats],
) -> Events:
    """Return the events whose columns were read; ``number`` reads those of amounts and places, where declared."""

    def declared(name: str | None, reader: Callable[[object], float]) -> Floats | None:
        return None if name is None else number(name, reader)

    return Events(
        ids=ids,
        times_us=times_us,
        amounts=declared(event_type.amount, _AMOUNT),
        latitudes=declared(event_type.latitude, _LATITUDE),
        longitudes=declared(event_type.longitude, _LONGITUDE),
        numeric=numeric,
        categories={name: texts[name] for name in event_type.categorical},
        entities={name: join_keys([texts[part] for part in parts]) for name, parts in event_type.entities.items()},
    )


def _read_ids(name: str, values: Sequence[object]) -> tuple[list[str], list[Problem]]:
    texts, problems = read_texts(name, values)
    unusable = {problem.row for problem in problems}
    problems += [Problem(row, name, NO_ID) for row, text in enumerate(texts) if text is None and row not in unusable]
    return [text or "" for text in texts], problems


def _find_repeated(name: str, ids: Sequence[str], unusable: Set[int]) -> list[Problem]:
    first_row: dict[str, int] = {}
    usable = [(row, text) for row, text in enumerate(ids) if row not in unusable]
    return [
        repeated_id(name, text, row, first_row[text]) for row, text in usable if first_row.setdefault(text, row) != row
    ]


def repeated_id(name: str, text: str, row: int, first: int) -> Problem:
    """Return the problem of a row whose id stands in the ``first`` row already; rows count from 0."""
    return Problem(row, name, f'id "{text}" was already used in row {first + 1}')


def require_id(event_type: EventType) -> str:
    """Return the column of the events' ids; raise `InputError` where none is declared: only tables can do without."""
    if event_type.id is None:
        raise InputError(
            "The detector declares no id, which events need to be stored and answered: set id in [event] of "
            'detector.toml to a column that differs from event to event, such as id = "event_id", train, and publish.'
        )
    return event_type.id


def require_columns(event_type: EventType, present: Sequence[str], *, more: Sequence[str] = ()) -> None:
    """Raise `TableError` naming the declared columns that a table lacks, and the nearest it has instead.

    ``more`` are further columns that this use of the table needs, such as the label's.
    """
    lacking = [name for name in (*event_type.variables, *more) if name not in present]
    if lacking:
        raise TableError(say_lacking(event_type, lacking, present))
    repeated = sorted({name for name in present if list(present).count(name) > 1})
    if repeated == [""]:
        unnamed = list(present).count("")
        raise TableError(f"The table has {unnamed} columns without a name in its header; name or remove them.")
    if repeated:
        raise TableError(f"The table has more than one column named {list_names(repeated)}; rename or remove one.")


def read_event(event_type: EventType, event: Mapping[str, object]) -> Events:
    """Read one event; raise `EventError` for its first problem or for a column that was not declared."""
    check_columns(event_type, event)
    return _read_one(event_type, event)


def check_columns(event_type: EventType, event: Mapping[str, object]) -> None:
    """Raise `EventError` for a column that was not declared, or where the event has no id or no time."""
    known = event_type.variables
    accepted = event_type.accepted
    for name in event:
        if name not in accepted:
            raise EventError(
                f"Unknown column {shown(name)}{suggest(name[:100], known)}; declared are {list_names([*known])}.",
                name,
            )
    for name in (require_id(event_type), event_type.timestamp):
        if name not in event:
            raise EventError(f'Column "{name}" is required and missing{suggest(name, event)}.', name)


def _read_one(event_type: EventType, event: Mapping[str, object]) -> Events:
    """Read what `read_events` does of one row, value by value: columns of one take five times as long."""

    def read(name: str, reader: Callable[[object], Read]) -> Read:
        value = event.get(name)
        if event_type.null_values:
            value = event_type.without_null(value)
        try:
            return reader(value)
        except ValueError as error:
            raise EventError(f'Column "{name}": {error}.', name) from None

    def number(name: str, reader: Callable[[object], float]) -> Floats:
        return np.array([read(name, written(event_type, reader))])

    texts = {name: Keys.alone(read(name, read_text)) for name in event_type.text_columns}
    numeric = {name: number(name, read_number) for name in event_type.numeric}
    numeric |= {name: np.array([read(name, read_boolean)]) for name in event_type.boolean}
    id_column = require_id(event_type)
    event_id = read(id_column, read_text)
    if event_id is None:
        raise EventError(f'Column "{id_column}": {NO_ID}.', id_column)
    time_us = read(event_type.timestamp, event_type.time_format.read)
    return _put_together(event_type, [event_id], np.array([time_us]), texts, numeric, number)
