"""Slices of events for evaluation: bands of amounts, the common values of a column."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats, Keys

MAX_CATEGORIES = 8
_AMOUNT_QUANTILES = (0.25, 0.5, 0.75, 0.95)
Mask = npt.NDArray[np.bool_]
# The name of a part and the events in it, (n,).
Parts = Iterator[tuple[str, Mask]]


def by_amount(amounts: Floats) -> Parts:
    """Yield bands of amounts between readable numbers near their quartiles; those that are missing come last."""
    known = amounts[~np.isnan(amounts)]
    edges = sorted({_readable(edge) for edge in np.quantile(known, _AMOUNT_QUANTILES).tolist()}) if len(known) else []
    yield from cut_bands(amounts, edges, "{:,.12g}")
    yield "(missing)", np.isnan(amounts)


def _readable(number: float) -> float:
    """Return a number with its two leading digits."""
    return float(f"{number:.1e}")


def cut_bands(values: Floats, edges: list[float], form: str, unit: str = "") -> Parts:
    """Yield the values below the first edge, between each two, and from the last one on; NaN is in none."""
    shown = [form.format(edge) for edge in edges]
    for low, high in zip((None, *range(len(edges))), (*range(len(edges)), None), strict=True):
        mask = ~np.isnan(values)
        if low is not None:
            mask &= values >= edges[low]
        if high is not None:
            mask &= values < edges[high]
        if low is None:
            name = "all" if high is None else f"under {shown[high]}{unit}"
        else:
            name = f"{shown[low]}{unit} or more" if high is None else f"{shown[low]} to {shown[high]}{unit}"
        yield name, mask


def by_category(keys: Keys) -> Parts:
    """Yield the most common values of a column, most common first, then all others, then those that are missing."""
    counts = np.bincount(keys.codes[keys.codes >= 0], minlength=len(keys.values))
    common = np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]
    for code in common.tolist():
        yield keys.values[code], keys.codes == code
    yield "(all others)", (keys.codes >= 0) & ~np.isin(keys.codes, common)
    yield "(missing)", keys.codes < 0
