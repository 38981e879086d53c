"""Arrow columns into `Events`: whole columns at once where they are clean, and the core's own reading where not.

The core's reading says what is wrong with a value; this is only a faster way to the same events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tollgate.core.event import Events, Floats, Ints, Keys, join_keys
from tollgate.core.event_type import EventType
from tollgate.core.files.python_values import python_values
from tollgate.core.files.quick_columns import plain_numbers, quick_times
from tollgate.core.reading import AMOUNT_LIMIT, written
from tollgate.core.time_format import TimeFormat
from tollgate.core.values import MAX_NUMBER, Problem, bound, read_boolean, read_each, read_text
from tollgate.errors import TrainingDataError


def _fail(problems: Sequence[Problem]) -> None:
    if problems:
        first = min(problems, key=lambda problem: problem.row)
        more = f" ({len(problems)} such values in this column)" if len(problems) > 1 else ""
        raise TrainingDataError(f'Row {first.row + 1}, column "{first.column}": {first.message}{more}.')


def read_arrow_events(event_type: EventType, table: pa.Table) -> Events:
    """Read a table into events, in the order of its rows; raise `TrainingDataError` for the first bad value."""

    def number(name: str | None, low: float, high: float) -> Floats | None:
        return None if name is None else _read_numbers(event_type, name, table[name], low, high)

    texts = {
        name: _read_keys(name, table[name])
        for name in dict.fromkeys((*event_type.categorical, *event_type.entity_columns))
    }
    numeric = {
        name: _read_numbers(event_type, name, table[name], -MAX_NUMBER, MAX_NUMBER) for name in event_type.numeric
    }
    numeric |= {name: _read_booleans(name, table[name]) for name in event_type.boolean}
    return Events(
        ids=_read_ids(event_type.id, table[event_type.id]),
        times_us=read_arrow_times(event_type.timestamp, table[event_type.timestamp], event_type.time_format),
        amounts=number(event_type.amount, -AMOUNT_LIMIT, AMOUNT_LIMIT),
        latitudes=number(event_type.latitude, -90, 90),
        longitudes=number(event_type.longitude, -180, 180),
        numeric=numeric,
        categories={name: texts[name] for name in event_type.categorical},
        entities={name: join_keys([texts[part] for part in parts]) for name, parts in event_type.entities.items()},
    )


def _read_numbers(event_type: EventType, name: str, column: pa.ChunkedArray, low: float, high: float) -> Floats:
    try:
        column = plain_numbers(event_type.number_format, column)
        if pa.types.is_boolean(column.type):
            raise pa.ArrowInvalid("true is no number")
        values: Floats = pc.cast(column, pa.float64()).to_numpy()
        unknown = column.null_count + (int(np.isnan(values).sum()) - column.null_count) * pa.types.is_floating(
            column.type
        )
        if int(((values >= low) & (values <= high)).sum()) + unknown == len(values):
            return values
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    given = column.to_pylist()
    if pa.types.is_floating(column.type):
        given = [None if value != value else value for value in given]  # noqa: PLR0124 - NaN, a missing number
    numbers, problems = read_each(name, given, written(event_type, bound(low, high)), np.nan)
    _fail(problems)
    return numbers


def _read_booleans(name: str, column: pa.ChunkedArray) -> Floats:
    encoded = pc.dictionary_encode(column.combine_chunks())
    values, problems = read_each(name, encoded.dictionary.to_pylist(), read_boolean, np.nan)
    if problems:
        _fail(read_each(name, column.to_pylist(), read_boolean, np.nan)[1])
    booleans: Floats = np.append(values, np.nan)[encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    return booleans


def _read_keys(name: str, column: pa.ChunkedArray) -> Keys:
    encoded = pc.dictionary_encode(column.combine_chunks())
    codes: Ints = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    spelled = []
    for code, value in enumerate(encoded.dictionary.to_pylist()):
        try:
            spelled.append(read_text(value))
        except ValueError as error:
            _fail([Problem(int(np.argmax(codes == code)), name, str(error))])
    # Spellings that differ only in outer blanks are one key.
    keys = Keys.of(spelled)
    return Keys(np.append(keys.codes, -1)[codes], keys.values)


def _read_ids(name: str, column: pa.ChunkedArray) -> list[str]:
    keys = _read_keys(name, column)
    missing = np.flatnonzero(keys.codes < 0)
    if len(missing):
        _fail([Problem(row, name, "an id is required") for row in missing.tolist()])
    if len(keys.values) < len(keys.codes):
        seen = np.zeros(len(keys.values), dtype=np.int64)
        np.add.at(seen, keys.codes, 1)
        repeated = seen[keys.codes] > 1
        value = keys.values[keys.codes[int(np.argmax(repeated))]]
        rows = (np.flatnonzero(keys.codes == keys.codes[int(np.argmax(repeated))])[:2] + 1).tolist()
        raise TrainingDataError(
            f'Column "{name}": id "{value}" stands in rows {rows[0]} and {rows[1]} '
            f"({int((seen > 1).sum())} ids are repeated); every event needs an id of its own."
        )
    return list(keys.values)


def read_arrow_times(name: str, column: pa.ChunkedArray, form: TimeFormat, *, rows: Ints | None = None) -> Ints:
    """Return microseconds since 1970 UTC, shape (n,); raise `TrainingDataError` for the first value that is no time.

    ``rows`` are the places of the values in the file, where they are not all of it.
    """
    quick = None if column.null_count else quick_times(column.combine_chunks(), form)
    if quick is not None:
        return quick
    return _placed(*form.read_column(name, python_values(column.combine_chunks())), rows)


def _placed(times: Ints, problems: Sequence[Problem], rows: Ints | None) -> Ints:
    if rows is not None:
        problems = [replace(problem, row=int(rows[problem.row])) for problem in problems]
    _fail(problems)
    return times
