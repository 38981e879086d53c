"""Label leakage: columns that alone tell fraud from legitimate, because they were filled in later.

A column is looked at in three ways. Its *order*: the area under the ROC curve of its values. Its *groups*: the same
area, with every value replaced by the share of frauds that it has among the other half of the events, so that a column
of unique values, which explains only itself, gets one half. Its *presence*: whether it is filled in, or empty, only
for frauds. No honest column is nearly perfect in any of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Events, Floats, Ints

# The area from which a column is a suspect, and the looser one that a sample of the events has to reach first.
LEAK_AUC = 0.999
_SCREENING_AUC = 0.99
# With fewer, an honest strong column looks perfect by luck.
MIN_FRAUDS, MIN_LEGITIMATE = 10, 100
_MAX_CHANCE = 1e-6
# Numbers with more distinct values than this are measures, which only their order tells apart.
_MAX_DISTINCT = 100
_SAMPLE_FRAUDS, _SAMPLE_LEGITIMATE = 5_000, 20_000


@dataclass(frozen=True)
class LabelLeak:
    """A suspected column. ``seen`` frauds and legitimate events are those that have a value, or with ``absence`` none.

    ``auc`` is the area under the ROC curve, from 0.5 to 1; None where being filled in or empty says it all.
    """

    column: str
    found_by: Literal["order", "groups", "presence", "absence"]
    auc: float | None
    seen_frauds: int
    seen_legitimate: int


@dataclass(frozen=True)
class _Counts:
    """Events for each of k distinct values in their order, and half (alternating): shape (k, 2); empty ones apart."""

    frauds: Ints
    legitimate: Ints
    empty_frauds: Ints
    empty_legitimate: Ints

    @classmethod
    def of(cls, values: Floats, fraud: npt.NDArray[np.bool_]) -> _Counts:
        half = np.where(fraud, np.cumsum(fraud), np.cumsum(~fraud)) % 2
        distinct, place = np.unique(values, return_inverse=True, equal_nan=True)
        cells = (place * 2 + half) * 2 + fraud
        counts = np.bincount(cells, minlength=4 * len(distinct)).reshape(-1, 2, 2)
        # NumPy sorts NaN, a missing value, to the end.
        known = len(distinct) - int(np.isnan(distinct[-1]))
        empty = counts[known:].sum(axis=0)
        return cls(counts[:known, :, 1], counts[:known, :, 0], empty[:, 1], empty[:, 0])


def find_label_leaks(events: Events, labels: npt.NDArray[np.int8]) -> list[LabelLeak]:
    """Return the declared numeric, boolean and categorical columns that alone tell labels 1 from 0, shape (n,).

    Every column is first looked at on a sample, evenly spaced in time; suspects are confirmed on all labeled events.
    """
    frauds, legitimate = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    if len(frauds) < MIN_FRAUDS or len(legitimate) < MIN_LEGITIMATE:
        return []
    few = np.sort(np.concatenate([_thin(frauds, _SAMPLE_FRAUDS), _thin(legitimate, _SAMPLE_LEGITIMATE)]))
    every = np.flatnonzero(labels >= 0)
    found = []
    for name, column, ordered in _columns(events):
        if _check_column(name, _Counts.of(_floats(column[few]), labels[few] == 1), _SCREENING_AUC, ordered=ordered):
            counts = _Counts.of(_floats(column[every]), labels[every] == 1)
            leak = _check_column(name, counts, LEAK_AUC, ordered=ordered)
            found += [leak] if leak else []
    return found


def _columns(events: Events) -> Iterator[tuple[str, npt.NDArray[Any], bool]]:
    for name, values in events.numeric.items():
        yield name, values, True
    for name, keys in events.categories.items():
        yield name, keys.codes, False


def _floats(column: npt.NDArray[Any]) -> Floats:
    """Return numbers with NaN for a missing value; codes of categories have -1 for it."""
    return np.where(column < 0, np.nan, column) if column.dtype.kind == "i" else column


def _thin(rows: Ints, limit: int) -> Ints:
    return rows if len(rows) <= limit else rows[np.linspace(0, len(rows) - 1, limit).astype(np.int64)]


def _check_column(name: str, counts: _Counts, nearly: float, *, ordered: bool) -> LabelLeak | None:
    present = int(counts.frauds.sum()), int(counts.legitimate.sum())
    empty = int(counts.empty_frauds.sum()), int(counts.empty_legitimate.sum())
    base_rate = (present[0] + empty[0]) / sum((*present, *empty))
    if _only_frauds(present, base_rate, nearly) and empty[1]:
        return LabelLeak(name, "presence", None, *present)
    if _only_frauds(empty, base_rate, nearly) and present[1]:
        return LabelLeak(name, "absence", None, *empty)
    if ordered and present[0] >= MIN_FRAUDS and present[1] >= MIN_LEGITIMATE:
        area = _area(counts.frauds.sum(axis=1), counts.legitimate.sum(axis=1))
        if max(area, 1 - area) >= nearly:
            return LabelLeak(name, "order", max(area, 1 - area), *present)
    if not ordered or len(counts.frauds) <= _MAX_DISTINCT:
        area = _area_by_groups(counts, base_rate)
        if area >= nearly:
            return LabelLeak(name, "groups", area, *present)
    return None


def _only_frauds(seen: tuple[int, int], base_rate: float, nearly: float) -> bool:
    """Tell whether nearly all of these frauds and legitimate events are frauds, in a number that luck does not give."""
    return seen[0] >= MIN_FRAUDS and seen[1] <= (1 - nearly) * seen[0] and base_rate ** seen[0] <= _MAX_CHANCE


def _area(frauds: Ints, legitimate: Ints) -> float:
    """Return the area under the ROC curve of values in rising order, as the Mann-Whitney statistic; ties count half.

    Hanley, McNeil: "The meaning and use of the area under a receiver operating characteristic curve", Radiology 1982.
    """
    below = np.cumsum(legitimate) - legitimate
    won = (frauds * (below + legitimate / 2)).sum()
    return float(won / (float(frauds.sum()) * float(legitimate.sum())))


def _area_by_groups(counts: _Counts, base_rate: float) -> float:
    """Return the area with each half of the events ranked by the other half's fraud rates; empty is a value too."""
    frauds = np.vstack([counts.frauds, counts.empty_frauds])
    legitimate = np.vstack([counts.legitimate, counts.empty_legitimate])
    other = frauds[:, ::-1], legitimate[:, ::-1]
    # One event of the base rate is added: a value that the other half does not have is no news.
    rates = (other[0] + base_rate) / (other[0] + other[1] + 1)
    order = np.unique(rates.ravel(), return_inverse=True)[1]
    return _area(_add_up(order, frauds), _add_up(order, legitimate))


def _add_up(groups: Ints, counts: Ints) -> Ints:
    return np.bincount(groups, counts.ravel()).astype(np.int64)
