"""Columns of every type that Arrow, pandas, Polars, DuckDB and Spark write, for property tests."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from tollgate.core.files.columns.arrow_columns import is_bytes, is_text_type

_TEXTS = st.one_of(st.none(), st.sampled_from(["", " ", "a", " a", "1", "1.50", "true", "2026-01-01", "é", "x" * 300]))
_BYTES = st.one_of(st.none(), st.sampled_from([b"", b"a", b"1", b"\xff\xfe", b"\0\1", "é".encode(), b"2026-01-01"]))
_WHOLE = st.one_of(st.none(), st.integers(-5, 100), st.just(127))
_COUNTS = st.one_of(st.none(), st.integers(0, 100))
_FLOATS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, 1.5, float("nan"), float("inf"), 1000.25]))
_TRUTHS = st.one_of(st.none(), st.booleans())
_INSTANTS = st.one_of(st.none(), st.just(1_767_225_600), st.just(0), st.integers(-(2**62), 2**62))
# Parquet keeps seconds as milliseconds, and has no larger ones.
_SECONDS = st.one_of(st.none(), st.just(1_767_225_600), st.just(0), st.integers(-(2**52), 2**52))
_DECIMALS = st.one_of(st.none(), st.sampled_from([Decimal("1.50"), Decimal("2.00"), Decimal(0), Decimal("-7.25")]))

_DAY_MS = 86_400_000

Values = st.SearchStrategy[Any]
_TEXT_TYPES = (pa.string(), pa.large_string(), pa.string_view())
_BYTE_TYPES = (pa.binary(), pa.large_binary(), pa.binary_view())


def _simple() -> list[tuple[pa.DataType, Values]]:
    zones = (None, "UTC", "America/New_York", "+05:30", "No/Where")
    units = ("s", "ms", "us", "ns")
    signed = (pa.int8(), pa.int16(), pa.int32(), pa.int64())
    unsigned = (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())
    small = st.one_of(st.none(), st.integers(0, 86_399), st.integers(-(2**31), 2**31 - 1))
    return [
        *((kind, _TEXTS) for kind in _TEXT_TYPES),
        *((kind, _BYTES) for kind in _BYTE_TYPES),
        (pa.binary(2), st.one_of(st.none(), st.sampled_from([b"ab", b"\xff\xfe", b"12"]))),
        *((kind, _WHOLE) for kind in signed),
        *((kind, _COUNTS) for kind in unsigned),
        # Arrow combines chunked dictionaries of half floats with NaN wrongly: they are not drawn.
        *((kind, _FLOATS) for kind in (pa.float32(), pa.float64())),
        (pa.bool_(), _TRUTHS),
        (pa.null(), st.none()),
        *((kind, _DECIMALS) for kind in (pa.decimal32(5, 2), pa.decimal64(9, 2), pa.decimal128(38, 10))),
        (pa.decimal256(60, 4), _DECIMALS),
        (pa.decimal128(20, 0), st.one_of(st.none(), st.just(Decimal(12_345_678_901_234_567_890)))),
        *((pa.timestamp(unit, zone), _SECONDS if unit == "s" else _INSTANTS) for unit in units for zone in zones),
        *((pa.duration(unit), _INSTANTS) for unit in units),
        *((kind, small) for kind in (pa.date32(), pa.time32("s"), pa.time32("ms"))),
        *((kind, _INSTANTS) for kind in (pa.date64(), pa.time64("us"), pa.time64("ns"))),
    ]  # fmt: skip


def _nested() -> list[tuple[pa.DataType, Values]]:
    lists = st.one_of(st.none(), st.lists(_WHOLE, max_size=2))
    pairs = st.one_of(st.none(), st.lists(st.tuples(st.text(max_size=2), _FLOATS), max_size=2))
    parts = st.one_of(st.none(), st.fixed_dictionaries({"id": _TEXTS, "raw": _BYTES, "at": _INSTANTS}))
    inside = pa.struct([("id", pa.large_string()), ("raw", pa.binary()), ("at", pa.timestamp("ns", "No/Where"))])
    list_types = (
        pa.list_(pa.int8()),
        pa.large_list(pa.int64()),
        pa.list_view(pa.int8()),
        pa.large_list_view(pa.int8()),
    )
    return [
        *((kind, lists) for kind in list_types),
        (pa.list_(pa.int8(), 2), st.one_of(st.none(), st.lists(st.integers(0, 3), min_size=2, max_size=2))),
        (pa.map_(pa.string(), pa.float32()), pairs),
        (inside, parts),
        (pa.list_(inside), st.one_of(st.none(), st.lists(parts, max_size=2))),
        (pa.month_day_nano_interval(), st.one_of(st.none(), st.just(pa.MonthDayNano([1, 2, 3])))),
    ]  # fmt: skip


def _make(kind: pa.DataType, values: list[Any]) -> pa.Array:
    """Return values as an array; times of any type are given as counts of their unit."""
    types = pa.types
    if types.is_date32(kind) or types.is_time32(kind):
        return pa.array(values, pa.int32()).cast(kind)
    if types.is_date64(kind):
        values = [None if value is None else value // _DAY_MS * _DAY_MS for value in values]
    if types.is_temporal(kind) and not types.is_interval(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def _as_dictionary(column: pa.Array) -> pa.Array:
    codes = pa.array([None if value is None else row for row, value in enumerate(column.to_pylist())], pa.int16())
    return pa.DictionaryArray.from_arrays(codes, column)


def _as_runs(column: pa.Array) -> pa.Array:
    return pa.RunEndEncodedArray.from_arrays(pa.array(range(1, len(column) + 1), pa.int32()), column)


def _as_union(column: pa.Array) -> pa.Array:
    other = pa.array(range(len(column)))
    return pa.UnionArray.from_sparse(pa.array([row % 2 for row in range(len(column))], pa.int8()), [column, other])


def _plainly(column: pa.Array) -> pa.Array:
    return column


_WRAPPED: tuple[Callable[[pa.Array], pa.Array], ...] = (_plainly, _as_dictionary, _as_runs, _as_union)
_EXTENSIONS = (
    (pa.uuid(), pa.binary(16), st.one_of(st.none(), st.binary(min_size=16, max_size=16))),
    (pa.json_(pa.string()), pa.string(), _TEXTS),
    (pa.bool8(), pa.int8(), st.one_of(st.none(), st.sampled_from([0, 1]))),
    (pa.opaque(pa.binary(), "geometry", "someone"), pa.binary(), _BYTES),
    (pa.fixed_shape_tensor(pa.int8(), [2]), pa.list_(pa.int8(), 2), st.just([1, 2])),
)


def _examples(kind: pa.DataType) -> list[list[Any]]:
    """Return columns of three values of a type: usual ones, and odd ones; counts of their unit for times."""
    types = pa.types
    if types.is_fixed_size_binary(kind):
        return [[b"ab", b"\xff\xfe", None], [b"12", b"12", b"cd"]]
    known: tuple[tuple[Callable[[pa.DataType], bool], list[list[Any]]], ...] = (
        (is_text_type, [["a", None, "2026-01-01"], ["1.50", "", "x" * 300], ["true", "fraud", " é "]]),
        (is_bytes, [[b"\xff\xfe", b"a", None], [b"1", "é".encode(), b""], [b"2026-01-01", b"0", b"fraud"]]),
        (types.is_floating, [[1.0, math.nan, None], [1.5, -0.0, math.inf]]),
        (types.is_boolean, [[True, None, False]]),
        (types.is_null, [[None, None, None]]),
        (types.is_decimal, [[Decimal(1), None, Decimal(0)], [Decimal(-7), Decimal(12), Decimal(100)]]),
        (types.is_integer, [[1, None, 0], [100, 7, 127]]),
        (types.is_time, [[1, None, 86_399]]),
        (types.is_date32, [[20_454, None, 0], [2**31 - 1, -(2**31), 1]]),
        (types.is_interval, [[pa.MonthDayNano([1, 2, 3]), None, pa.MonthDayNano([0, 0, 0])]]),
        (_is_in_seconds, [[1_767_225_600, None, 0], [2**52, -(2**52), 1_767_225_600_000_000]]),
        (types.is_temporal, [[1_767_225_600, None, 0], [2**62, -(2**62), 1_767_225_600_000_000]]),
        (types.is_map, [[[("a", 1.0)], None, []]]),
        (types.is_struct, [[{"id": "a", "raw": b"\xff", "at": 2**62}, None, {"id": None, "raw": None, "at": None}]]),
    )
    for test, columns in known:
        if test(kind):
            return columns
    part = {"id": "a", "raw": b"\xff", "at": 0} if types.is_struct(kind.value_type) else 1
    return [[[part, part], None, [part, part]]]


def _is_in_seconds(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.unit == "s")


def every_column(*, slices: bool = True) -> Iterator[pa.Array]:
    """Yield columns of three rows: some of every type, plain, as a dictionary, in runs, in a union, as an extension.

    With ``slices``, those that have several parts come again as a slice of a longer one.
    """
    for kind, _ in [*_simple(), *_nested()]:
        for values in _examples(kind):
            column = _make(kind, values)
            yield column
            for wrap in (_as_dictionary, _as_runs, _as_union):
                try:
                    wrapped = wrap(column)
                except (pa.ArrowException, ValueError, OverflowError):
                    continue
                yield wrapped
                if slices:
                    yield wrap(pa.concat_arrays([column[:1], column])).slice(1)
    for kind, storage, _ in _EXTENSIONS:
        whole = {16: [b"0123456789abcdef", None, b"\xff" * 16]}
        size = storage.byte_width if pa.types.is_fixed_size_binary(storage) else 0
        for values in [whole[size]] if size else _examples(storage):
            if not (pa.types.is_fixed_size_list(storage) and None in values):
                yield pa.ExtensionArray.from_storage(kind, pa.array(values, storage))


@st.composite
def arrow_columns(draw: st.DrawFn, rows: int) -> pa.Array:
    """Draw a column of so many rows, of any type."""
    if draw(st.integers(0, 9)) == 0:
        kind, storage, values = draw(st.sampled_from(_EXTENSIONS))
        column = pa.array(draw(st.lists(values, min_size=rows, max_size=rows)), storage)
        return pa.ExtensionArray.from_storage(kind, column)
    kind, values = draw(st.sampled_from([*_simple(), *_nested()]))
    column = _make(kind, draw(st.lists(values, min_size=rows, max_size=rows)))
    # Dictionaries and runs are made of values that Python, or a check of all of them, has to accept.
    is_odd = pa.types.is_temporal(kind) or pa.types.is_nested(kind)
    return draw(st.sampled_from((_plainly, _as_union) if is_odd else _WRAPPED))(column)
