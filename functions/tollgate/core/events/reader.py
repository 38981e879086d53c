"""Reader of events from plain values: one event's JSON, or columns of many, each value checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tollgate.core.events.cells import NUMBER, NumberRange, Problem, read_number, read_text, shown
from tollgate.core.events.column_reader import NO_ID, ColumnReader, Read, ReadColumns, find_repeated, repeated_id
from tollgate.core.events.event import Events, Floats, Ints, Keys, join_keys
from tollgate.core.events.event_type import EventType
from tollgate.core.times.clock_skew import SkewLimit
from tollgate.errors import EventError, InputError, TableError, suggest

Columns = Mapping[str, Sequence[object]]
_DELIMITERS = ",;\t|:^~"
_NAMED = {"\t": "a tab"}
_MAX_NAMES = 12
_MAX_CHARACTERS = 60
_FIRST_LINE = "in CSV the first line has to be the header, so delete what stands above it, or add one"


class _Columns(ColumnReader[Keys]):
    """Columns of Python's values; one that is absent has missing ones."""

    def __init__(self, event_type: EventType, columns: Columns, limit: SkewLimit | None) -> None:
        super().__init__(event_type, limit)
        self._columns = columns
        self._nothing = [None] * len(next(iter(columns.values()), ()))

    def values(self, name: str) -> Sequence[object]:
        given = self._columns.get(name, self._nothing)
        return [self._type.without_null(value) for value in given] if self._type.null_values else given

    def keyed(self, texts: Sequence[str | None]) -> Keys:
        return Keys.of(texts)

    def row_numbers(self) -> Keys:
        return Keys.of([str(row + 1) for row in range(len(self._nothing))])


def read_events(
    event_type: EventType, columns: Columns, *, whole: bool = True, limit: SkewLimit | None = None
) -> tuple[Events, list[Problem]]:
    """Read columns of n values each into n events and the problems that make rows unusable.

    A declared column that is absent counts as missing values; `require_columns` is for tables, where that is an error.
    A row with a problem still has its place in the events, with the bad value missing, and takes no id. Of other rows
    that repeat one the later has the problem, unless the columns are not the ``whole`` table and the caller has to
    look for that. With a ``limit``, rows that lie ahead of the clock are treated as that says.
    """
    reader = _Columns(event_type, columns, limit)
    read, problems = reader.read(), reader.problems
    if whole and event_type.id is not None:
        codes = read.ids.codes.copy()
        codes[[problem.row for problem in problems]] = -1
        repeated = find_repeated(codes).items()
        texts = read.ids.values
        problems += [repeated_id(event_type.id, texts[codes[row]], row, first) for row, first in repeated]
    ids = [read.ids.values[code] if code >= 0 else "" for code in read.ids.codes.tolist()]
    return _as_events(event_type, read, ids), problems


class _OneEvent(ColumnReader[Keys]):
    """One event, value by value: as columns of one it takes twice as long. The first problem is raised."""

    def __init__(self, event_type: EventType, event: Mapping[str, object]) -> None:
        super().__init__(event_type)
        self._event = event

    def values(self, name: str) -> Sequence[object]:
        return [self._event.get(name)]

    def keyed(self, texts: Sequence[str | None]) -> Keys:
        return Keys.alone(*texts)

    def row_numbers(self) -> Keys:
        return self.keyed(["1"])

    def texts(self, name: str) -> Keys:
        return Keys.alone(self._value(name, read_text))

    def ids(self, name: str) -> Keys:
        ids = self.texts(name)
        if not ids.values:
            raise EventError(f'Column "{name}": {NO_ID}.', name)
        return ids

    def numbers(self, name: str, within: NumberRange = NUMBER) -> Floats:
        return self.each(name, self._type.number_format.reader(within.read))

    def times(self, name: str) -> Ints:
        return np.array([self._value(name, self._type.time_format.read)])

    def each(self, name: str, read: Callable[[object], float]) -> Floats:
        return np.array([self._value(name, read)])

    def _value(self, name: str, read: Callable[[object], Read]) -> Read:
        value = self._event.get(name)
        if self._type.null_values:
            value = self._type.without_null(value)
        try:
            return read(value)
        except ValueError as error:
            raise EventError(f'Column "{name}": {error}.', name) from None


def read_event(event_type: EventType, event: Mapping[str, object]) -> Events:
    """Read one event; raise `EventError` for its first problem or for a column that was not declared."""
    check_columns(event_type, event)
    read = _OneEvent(event_type, event).read()
    return _as_events(event_type, read, read.ids.values)


def _as_events(event_type: EventType, read: ReadColumns[Keys], ids: Sequence[str]) -> Events:
    texts = read.texts
    return read.events(
        ids,
        {name: texts[name] for name in event_type.categorical},
        {name: join_keys([texts[part] for part in parts]) for name, parts in event_type.entities.items()},
    )


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


def read_amount(event_type: EventType, event: Mapping[str, object]) -> float:
    """Return the amount of an event that was read before, NaN without one."""
    if event_type.amount is None:
        return float("nan")
    return event_type.number_format.reader(read_number)(event_type.without_null(event.get(event_type.amount)))


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


def say_lacking(event_type: EventType, lacking: Sequence[str], present: Sequence[str]) -> str:
    """Return the sentence on the ``lacking`` columns of a table whose own are ``present``."""
    has = f"it has {list_names([name for name in present if name])}"
    knows_none = not event_type.accepted.intersection(present)
    if knows_none and (delimiter := _find_delimiter(lacking, present)):
        named = _NAMED.get(delimiter, f'"{delimiter}"')
        written = "\\t" if delimiter == "\t" else delimiter
        return (
            f"The header is cut in the wrong places: {has}, where the cells seem to be divided by {named}; declare "
            f'delimiter = "{written}" in [files] of the detector file.'
        )
    spare = [name for name in present if name not in event_type.variables]
    nearest = {name: suggest(name, spare) for name in lacking}
    if knows_none and not any(nearest.values()):
        return f"The table has none of the declared columns {list_names(lacking)}; {has}: {_FIRST_LINE}."
    column = "columns" if len(lacking) > 1 else "column"
    hint = ""
    if list(lacking) == [event_type.id] and not nearest[lacking[0]]:
        hint = " Without ids, leave id out of [event]: training and tollgate score then take the numbers of rows."
    named = ", ".join(f'"{_short(name)}"{nearest[name]}' for name in lacking)
    return f"The table lacks the declared {column} {named}; {has}.{hint}"


def _find_delimiter(lacking: Sequence[str], present: Sequence[str]) -> str | None:
    """Return what would divide the names into more of the columns that are lacking, None where nothing does."""
    found = {}
    for delimiter in _DELIMITERS:
        cells = {cell.strip(' "') for name in present if delimiter in name for cell in name.split(delimiter)}
        found[delimiter] = len(cells.intersection(lacking))
    best = max(_DELIMITERS, key=lambda delimiter: found[delimiter])
    return best if found[best] >= min(2, len(lacking)) and found[best] * 2 >= len(lacking) else None


def list_names(names: Sequence[str]) -> str:
    """Return the first names of columns in quotes, and how many more there are."""
    listed = ", ".join(f'"{_short(name)}"' for name in names[:_MAX_NAMES])
    return listed + (f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else "")


def _short(name: str) -> str:
    return name if len(name) <= _MAX_CHARACTERS else f"{name[:_MAX_CHARACTERS]}…"
