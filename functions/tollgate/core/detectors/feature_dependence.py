"""Feature dependence: how a feature's value moved the scores of past events, in bins and points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tollgate.core.detectors.sample_events import PastEvents
from tollgate.core.events.event import Floats, Ints

MAX_BINS = 20
MAX_POINTS = 600


@dataclass(frozen=True)
class Bin:
    """Past events with values from ``low`` to ``high``; both are None for the events in which the value is missing.

    ``events`` is how many of the period they stand for, and ``frauds`` which share of them was fraud. ``mean`` is their
    mean contribution in log-odds; four fifths of them lie between ``tenth`` and ``ninetieth``.
    """

    low: float | None
    high: float | None
    events: float
    frauds: float
    mean: float
    tenth: float
    ninetieth: float


def bin_contributions(past: PastEvents, values: Floats, contributions: Floats) -> tuple[Bin, ...]:
    """Return up to 20 bins of values of about equally many events, lowest first, then those that lack it.

    ``values`` and ``contributions`` have shape (n,). Events of the same value stay together.
    """
    return tuple(_measure(past, values, contributions, rows) for rows in _cut(values, past.weights) if len(rows))


def _cut(values: Floats, weights: Floats) -> Iterator[Ints]:
    known = np.flatnonzero(~np.isnan(values))
    if len(known):
        distinct, places = np.unique(values[known], return_inverse=True)
        numbers = np.arange(len(distinct))
        if len(distinct) > MAX_BINS:
            before = np.cumsum(np.bincount(places, weights[known]))
            numbers = np.minimum((before / before[-1] * MAX_BINS - 1e-9).astype(np.int64), MAX_BINS - 1)
        for number in np.unique(numbers).tolist():
            yield known[numbers[places] == number]
    yield np.flatnonzero(np.isnan(values))


def _measure(past: PastEvents, values: Floats, contributions: Floats, rows: Ints) -> Bin:
    weights, found = past.weights[rows], contributions[rows]
    order = np.argsort(found)
    reached = np.cumsum(weights[order]) / weights.sum()
    at = np.minimum(np.searchsorted(reached, [0.1, 0.9]), len(rows) - 1)
    tenth, ninetieth = found[order[at]].tolist()
    lowest, highest = float(np.min(values[rows])), float(np.max(values[rows]))
    missing = lowest != lowest  # noqa: PLR0124 - NaN
    return Bin(
        None if missing else lowest,
        None if missing else highest,
        events=float(weights.sum()),
        frauds=float(weights[past.labels[rows] == 1].sum() / weights.sum()),
        mean=float(np.average(found, weights=weights)),
        tenth=float(tenth),
        ninetieth=float(ninetieth),
    )


def draw_points(past: PastEvents) -> Sequence[int]:
    """Return up to 600 past events to draw, evenly over time: up to half of them frauds, in order of time."""
    frauds, others = np.flatnonzero(past.labels == 1), np.flatnonzero(past.labels != 1)
    drawn = _thin(frauds, MAX_POINTS // 2)
    return sorted([*drawn, *_thin(others, MAX_POINTS - len(drawn))])


def _thin(rows: Ints, most: int) -> list[int]:
    kept: list[int] = rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64)].tolist()
    return kept
