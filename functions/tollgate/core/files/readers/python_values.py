"""Python values of a file's columns, as they are read one by one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from tollgate.core.files.columns.arrow_columns import plain_column


def python_values(column: Any) -> list[Any]:  # noqa: ANN401 - an Arrow array or a list
    """Return the n values of a column; NaN in a typed column is a missing number, and what cannot be read is None."""
    plain = plain_column(column).values
    if isinstance(plain, list):
        return plain
    values: list[Any] = plain.to_pylist()
    if pa.types.is_floating(plain.type):
        return [None if value != value else value for value in values]  # noqa: PLR0124 - NaN
    return values
