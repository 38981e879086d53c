"""Ordering of listed decisions, and the position after which the next page begins."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tollgate.core.search.entry import Columns, Places

# Money at risk is probability × amount.
SORTS = ("newest", "amount", "score", "money_at_risk")
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Position:
    """Where a row stands in a list: what it is sorted by, then its moment, then its event."""

    value: float
    decided_us: int
    event: int


def rank(columns: Columns, sort: str) -> Values:
    """Return what rows are sorted by, shape (n,); minus infinity where they lack it."""
    if sort == "newest":
        return columns["decided_us"].astype(np.float64)  # exact until the year 2255
    if sort == "score":
        return columns["score"].astype(np.float64)
    ranked = columns["amount"] if sort == "amount" else columns["amount"] * columns["probability"]
    return np.where(np.isnan(ranked), -math.inf, ranked)


def highest(columns: Columns) -> dict[str, float]:
    """Return for each sort the highest value of one or more rows."""
    return {sort: float(np.max(rank(columns, sort))) for sort in SORTS}


def list_places(columns: Columns, sort: str, after: Position | None, limit: int) -> Places:
    """Return the places of the first rows of a list that come after a position."""
    values = rank(columns, sort)
    places = np.arange(len(columns))
    if after is not None:
        same = values == after.value
        same_moment = same & (columns["decided_us"] == after.decided_us)
        is_after = (values < after.value) | (same & (columns["decided_us"] < after.decided_us))
        places = places[is_after | (same_moment & (columns["event"] < np.uint64(after.event)))]
    chosen = columns[places]
    order = np.lexsort((chosen["event"], chosen["decided_us"], values[places]))[::-1]
    return places[order[:limit]]


def position_of(columns: Columns, place: int, sort: str) -> Position:
    """Return the position of a row."""
    row = columns[place : place + 1]
    return Position(float(rank(row, sort)[0]), int(row["decided_us"][0]), int(row["event"][0]))
