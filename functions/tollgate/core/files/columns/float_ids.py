"""Ids stored as floats: a count of those with more digits than a float holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from tollgate.core.files.columns.arrow_columns import unwrap

# Bits of a float → from where on not every whole number is one.
_INEXACT = {16: 2**11, 32: 2**24, 64: 2**53}


def count_inexact(column: Any) -> tuple[int, str]:  # noqa: ANN401 - an Arrow array or a list
    """Return how many values are floats beyond which whole numbers are rounded, and the first as it is read."""
    if isinstance(column, list):
        found = [value for value in column if type(value) is float and _INEXACT[64] <= abs(value) < np.inf]
        return len(found), str(int(found[0])) if found else ""
    kind = unwrap(column[:0]).type
    if not pa.types.is_floating(kind):
        return 0, ""
    values = unwrap(column).to_numpy(zero_copy_only=False).astype(np.float64)
    large = np.flatnonzero((np.abs(values) >= _INEXACT[kind.bit_width]) & np.isfinite(values))
    return len(large), str(int(values[large[0]])) if len(large) else ""
