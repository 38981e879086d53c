"""Arrow columns of any type, converted to a few plain types: values are read the same, whatever wrote their table.

pandas, Polars, DuckDB, Spark and Arrow write text, numbers and times in some forty types. Reading knows these:

    string  int64  uint64  float64  bool  timestamp[us]  date32  null    and lists of what JSON has, for nested values
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tollgate.core.events.cells import shown
from tollgate.core.times.bare_numbers import EARLIEST_S, LATEST_S
from tollgate.core.times.time_format import OUTSIDE

NOT_TEXT = "the bytes are not UTF-8 text"
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY_S = 86_400
_FAILURES = (pa.ArrowException, ArithmeticError, ImportError, LookupError, TypeError, ValueError)


@dataclass(frozen=True)
class PlainColumn:
    """The n values of a column: an Arrow array of a plain type, or a list of what JSON has.

    ``unreadable`` maps places whose value cannot be read at all, and counts as missing, to what is wrong with it.
    """

    values: Any
    unreadable: Mapping[int, str] = field(default_factory=dict)


def plain_column(column: Any) -> PlainColumn:  # noqa: ANN401 - an Arrow array or a list
    """Return a column of any type with values of a plain one."""
    if isinstance(column, list):
        return PlainColumn(column)
    if isinstance(column, pa.ChunkedArray):
        try:
            column = column.combine_chunks()
        except pa.ArrowException:
            return _join([plain_column(chunk) for chunk in column.chunks])
    column = unwrap(column)
    if _is_plain(column.type):
        return PlainColumn(column)
    convert = next((convert for test, convert in _CONVERTED if test(column.type)), _json_values)
    values = convert(column)
    return values if isinstance(values, PlainColumn) else PlainColumn(values)


def _join(parts: list[PlainColumn]) -> PlainColumn:
    unreadable: dict[int, str] = {}
    first = 0
    for part in parts:
        unreadable |= {first + place: reason for place, reason in part.unreadable.items()}
        first += len(part.values)
    if any(isinstance(part.values, list) for part in parts):
        return PlainColumn([value for part in parts for value in part.values], unreadable)
    return PlainColumn(pa.concat_arrays([part.values for part in parts]), unreadable)


def is_bytes(kind: pa.DataType) -> bool:
    """Return whether a type is one of bytes, which may or may not be text."""
    types = pa.types
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def is_text_type(kind: pa.DataType) -> bool:
    """Return whether a type is one of text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_nested(kind: pa.DataType) -> bool:
    """Return whether the values of a type have several parts."""
    types = pa.types
    return bool(types.is_nested(kind) or types.is_union(kind) or types.is_list_view(kind) or types.is_interval(kind))


def hex_column(column: Any) -> pa.StringArray:  # noqa: ANN401 - an Arrow array
    """Return bytes as text in hexadecimal."""
    return pa.array([None if value is None else bytes(value).hex() for value in column.to_pylist()], pa.string())


def text_or_hex(column: Any) -> pa.StringArray:  # noqa: ANN401 - an Arrow array
    """Return bytes as the text that they are, and in hexadecimal where they are none."""
    column = _without_views(column)
    plain = plain_column(column)
    if not plain.unreadable:
        return plain.values
    places = sorted(plain.unreadable)
    mask = np.zeros(len(column), dtype=bool)
    mask[places] = True
    return pc.replace_with_mask(plain.values, pa.array(mask), hex_column(column.take(pa.array(places))))


def _is_plain(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_string(kind)
        or types.is_int64(kind)
        or types.is_uint64(kind)
        or types.is_float64(kind)
        or types.is_boolean(kind)
        or types.is_null(kind)
    )


def unwrap(column: Any) -> Any:  # noqa: ANN401
    """Return a column without what is around its values: chunks, dictionaries, run ends, names of extensions."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    while True:
        kind = column.type
        if isinstance(kind, pa.BaseExtensionType):
            named, column = str(kind.extension_name), column.storage
            if named in _EXTENSIONS:
                column = _EXTENSIONS[named](column)
        elif pa.types.is_dictionary(kind):
            column = _decode_dictionary(column)
        elif pa.types.is_run_end_encoded(kind):
            column = _decode_runs(column)
        else:
            return column


def _decode_dictionary(column: Any) -> Any:  # noqa: ANN401
    codes = column.indices.cast(pa.int64())
    return _without_views(column.dictionary).take(codes)


def _decode_runs(column: Any) -> Any:  # noqa: ANN401
    values = _without_views(column.values)
    codes = pa.array(np.arange(len(values), dtype=np.int64))
    return values.take(pc.run_end_decode(_same_runs(column, codes)))


def _same_runs(column: Any, values: Any) -> Any:  # noqa: ANN401
    whole = pa.RunEndEncodedArray.from_arrays(column.run_ends, values)
    return whole.slice(column.offset, len(column))


def _without_views(column: Any) -> Any:  # noqa: ANN401
    """Return a column of a type that Arrow can take values of by their places."""
    column = unwrap(column)
    if pa.types.is_string_view(column.type):
        return column.cast(pa.string())
    return column.cast(pa.binary()) if pa.types.is_binary_view(column.type) else column


def _uuid_texts(column: Any) -> Any:  # noqa: ANN401
    texts = hex_column(column)
    return pc.replace_substring_regex(texts, r"^(.{8})(.{4})(.{4})(.{4})(.{12})$", r"\1-\2-\3-\4-\5")


_EXTENSIONS: Mapping[str, Callable[[Any], Any]] = {
    "arrow.uuid": _uuid_texts,
    "arrow.bool8": lambda column: pc.not_equal(column, 0),
}


def _plain_bytes(column: Any) -> PlainColumn:  # noqa: ANN401
    wide = column.cast(pa.binary()) if not pa.types.is_binary(column.type) else column
    try:
        return PlainColumn(wide.cast(pa.string()))
    except pa.ArrowInvalid:
        pass
    texts: list[str | None] = []
    unreadable: dict[int, str] = {}
    for place, value in enumerate(wide.to_pylist()):
        try:
            texts.append(None if value is None else value.decode())
        except UnicodeDecodeError:
            texts.append(None)
            unreadable[place] = NOT_TEXT
    return PlainColumn(pa.array(texts, pa.string()), unreadable)


def _plain_times(column: Any) -> PlainColumn:  # noqa: ANN401
    """Return times in microseconds. Their zone is a way to show them: UTC will do, and none stays none."""
    kind = pa.timestamp("us", "UTC" if column.type.tz else None)
    each = _UNITS[column.type.unit]
    counts = column.cast(pa.int64())
    numbers = counts.fill_null(0).to_numpy(zero_copy_only=False)
    outside = (numbers < EARLIEST_S * each) | (numbers > LATEST_S * each)
    places = np.flatnonzero(outside)
    numbers = np.where(outside, 0, numbers)
    us = numbers * (10**6 // each) if each <= 10**6 else numbers // 1000
    return PlainColumn(_with_nulls(us, column, outside).cast(kind), _say_outside(column, places))


def _plain_dates(column: Any) -> PlainColumn:  # noqa: ANN401
    if pa.types.is_date64(column.type):
        numbers = column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False) // (_DAY_S * 1000)
    else:
        numbers = column.cast(pa.int32()).fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    outside = (numbers < EARLIEST_S // _DAY_S) | (numbers > LATEST_S // _DAY_S)
    days = _with_nulls(np.where(outside, 0, numbers), column, outside).cast(pa.int32()).cast(pa.date32())
    return PlainColumn(days, _say_outside(column, np.flatnonzero(outside)))


def _with_nulls(numbers: npt.NDArray[np.int64], column: Any, outside: npt.NDArray[np.bool_]) -> Any:  # noqa: ANN401
    mask = outside if not column.null_count else outside | column.is_null().to_numpy(zero_copy_only=False)
    return pa.array(numbers, pa.int64(), mask=mask)


def _say_outside(column: Any, places: npt.NDArray[np.int64]) -> dict[int, str]:  # noqa: ANN401
    said = {}
    for place in places.tolist():
        said[place] = f"{OUTSIDE.format(shown(_as_date(column[place])))}: check its year, or the unit of its numbers"
    return said


def _as_date(scalar: Any) -> str:  # noqa: ANN401
    """Return a time that may lie beyond what Python can hold, as ISO text to the second at most."""
    if pa.types.is_date32(scalar.type):
        return str(np.datetime64(scalar.value, "D"))
    if pa.types.is_date64(scalar.type):
        return str(np.datetime64(scalar.value // (_DAY_S * 1000), "D"))
    moment = np.datetime64(scalar.value // _UNITS[scalar.type.unit], "s")
    return f"{moment}{'Z' if scalar.type.tz else ''}"


def _plain_decimals(column: Any) -> Any:  # noqa: ANN401
    """Return exact numbers as text without zeros at the end: an id of twenty digits is more than a float holds."""
    texts = pc.cast(column, pa.string())
    if pc.any(pc.match_substring(texts, "E")).as_py():
        texts = pa.array([None if value is None else f"{value:f}" for value in column.to_pylist()], pa.string())
    if column.type.scale > 0:
        texts = pc.replace_substring_regex(texts, r"\.?0*$", "")
    return texts


def _plain_clock_times(column: Any) -> Any:  # noqa: ANN401
    texts = pc.replace_substring_regex(column.cast(pa.string()), r"(\.\d*?)0+$", r"\1")
    return pc.replace_substring_regex(texts, r"\.$", "")


def _plain_durations(column: Any) -> Any:  # noqa: ANN401
    """Return durations as numbers of seconds."""
    return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), float(_UNITS[column.type.unit]))


_CONVERTED: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]], ...] = (
    (is_text_type, lambda column: column.cast(pa.string())),
    (pa.types.is_timestamp, _plain_times),
    (pa.types.is_date, _plain_dates),
    (is_bytes, _plain_bytes),
    (pa.types.is_integer, lambda column: column.cast(pa.int64())),
    (pa.types.is_floating, lambda column: column.cast(pa.float64())),
    (pa.types.is_decimal, _plain_decimals),
    (pa.types.is_time, _plain_clock_times),
    (pa.types.is_duration, _plain_durations),
)


def _json_values(column: Any) -> list[Any]:  # noqa: ANN401
    """Return nested values as JSON has them."""
    try:
        values = column.to_pylist()
    except _FAILURES:
        values = [_python_value(scalar) for scalar in column]
    return [_as_json(value) for value in values]


def _python_value(scalar: Any) -> Any:  # noqa: ANN401
    try:
        return scalar.as_py()
    except _FAILURES:
        return [f"a value of type {scalar.type}"]  # such as a time in a zone that this machine does not know


def _as_json(value: Any) -> Any:  # noqa: ANN401, PLR0911
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): _as_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(part) for part in value]
    return str(value)


def python_values(column: Any) -> list[Any]:  # noqa: ANN401 - an Arrow array or a list
    """Return the n values of a column; NaN in a typed column is a missing number, and what cannot be read is None."""
    plain = plain_column(column).values
    if isinstance(plain, list):
        return plain
    values: list[Any] = plain.to_pylist()
    if pa.types.is_floating(plain.type):
        return [None if value != value else value for value in values]  # noqa: PLR0124 - NaN
    return values
