"""Columns of a file as Python's own values, as they are read one by one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa


def python_values(column: Any) -> list[Any]:  # noqa: ANN401 - an Arrow array or a list
    """Return the n values of a column; NaN in a typed column is a missing number, as in training."""
    if isinstance(column, list):
        return column
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Python's times have microseconds.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [None if value != value else value for value in values]  # noqa: PLR0124 - NaN
    return values
