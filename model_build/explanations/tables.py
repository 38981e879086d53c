"""Reason tables of shallow trees, built from the exact Shapley values of their leaves.

A leaf under m conditions on distinct features plays the game v(S) = g(S) if the event meets all conditions in S, else
0: g(S) = ∏ over i ∉ S of the share of cover that goes the leaf's way (Lundberg et al.: "From local explanations to
global understanding with explainable AI for trees", Nature Machine Intelligence, 2020). With Shapley's weights w, the
value of feature i for an event that meets the conditions X is a sum over subsets of X:
φ_i(X) = Σ over S ⊆ X of a_i(S), where a_i(S) = w(|S| − 1) g(S) for i ∈ S and −w(|S|) g(S) otherwise. Sums over all
subsets, for all X at once, take m passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import factorial

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Places
from tollgate.core.explanations.tree_tables import Tables

from model_build.explanations.table_plan import (
    NARROW,
    WIDE,
    Conditions,
    TablePlan,
    number_distinct,
    plan_tables,
    trace_conditions,
)
from model_build.explanations.tree_arrays import TreeArrays

# Values that are held at once.
_MAX_VALUES = 4_000_000


@dataclass(frozen=True)
class BuiltTables:
    """Tables, and the average answer of their trees over their cover, from which contributions count."""

    tables: tuple[Tables, ...]
    base: float


def build_tables(trees: TreeArrays) -> BuiltTables:
    """Return the tables of trees that are no deeper than `table_plan.MAX_BITS`."""
    plan = plan_tables(trees)
    way = trace_conditions(trees, plan)
    bits = (plan.splits >= 0).sum(axis=1)
    slots = number_distinct(np.where(plan.splits >= 0, trees.feature[plan.splits], -1))
    first, rows = _lay_out(bits)
    base = 0.0
    for leaves in _alike(bits[plan.table], way):
        table = plan.table[leaves]
        part = Conditions(way.bit[leaves], way.wanted[leaves], way.condition[leaves], way.share[leaves])
        games = cover_games(_shares(part))
        weights = trees.value[plan.leaf[leaves]]
        base += float(weights @ games[:, 0])
        values = shapley_values(games) * weights[:, None, None]
        patterns = np.arange(1 << int(bits[table[0]]))
        met = _conditions_met(part, patterns)
        found = np.take_along_axis(values, met[:, :, None], axis=1)
        width = _width(int(bits[table[0]]))
        row = first[table][:, None] + patterns
        column = _column_of_condition(part, slots[table], values.shape[2])
        np.add.at(rows[width].reshape(-1), row[:, :, None] * width + column[:, None, :], found)
    tables = [_finish(trees, plan, slots, first, rows[width], bits) for width in (NARROW, WIDE) if len(rows[width])]
    return BuiltTables(tuple(tables), base)


def _width(bits: int) -> int:
    return NARROW if bits <= NARROW else WIDE


def _lay_out(bits: Places) -> tuple[Places, dict[int, Floats]]:
    """Return where each table's rows begin among those of its width, and the empty rows of both widths."""
    first, rows = np.zeros(len(bits), np.int64), {}
    for width in (NARROW, WIDE):
        here = (bits <= NARROW) == (width == NARROW)
        ends = np.cumsum(1 << bits[here])
        first[here] = ends - (1 << bits[here])
        rows[width] = np.zeros((int(ends[-1]) if len(ends) else 0, width))
    return first, rows


def _alike(bits: Places, way: Conditions) -> Iterator[Places]:
    """Yield batches of leaves whose tables have as many bits and whose ways have as many conditions."""
    conditions = way.condition.max(axis=1) + 1
    for kind in np.unique(bits * 64 + conditions):
        here = np.flatnonzero(bits * 64 + conditions == kind)
        size = max(1, int(_MAX_VALUES // ((1 << int(kind // 64)) * max(1, kind % 64))))
        yield from np.split(here, range(size, len(here), size))


def _shares(way: Conditions) -> Floats:
    """Return how much of the cover goes the way of each condition, shape (leaves, m)."""
    shares = np.ones((len(way.bit), int(np.max(way.condition)) + 1))
    for step in range(way.bit.shape[1]):
        here = np.flatnonzero(way.bit[:, step] >= 0)
        shares[here, way.condition[here, step]] *= way.share[here, step]
    return shares


def cover_games(shares: Floats) -> Floats:
    """Return g of each leaf for every S, shape (l, 2^m); ``shares``, (l, m), is what goes each condition's way."""
    leaves, m = shares.shape
    games = np.ones((leaves, 1 << m))
    for condition in range(m):
        outside = (np.arange(1 << m) >> condition) & 1 == 0
        games[:, outside] *= shares[:, condition, None]
    return games


def shapley_values(games: Floats) -> Floats:
    """Return the values of each leaf's conditions for every set X of conditions met, shape (l, 2^m, m)."""
    leaves, patterns = games.shape
    m = patterns.bit_length() - 1
    size = np.array([int(pattern).bit_count() for pattern in range(patterns)])
    inside = (np.arange(patterns)[:, None] >> np.arange(m)) & 1 == 1
    weights = np.array([factorial(s) * factorial(m - s - 1) / factorial(m) for s in range(m)] + [0.0])
    terms: npt.NDArray[np.float64] = np.where(inside, weights[size - 1][:, None], -weights[size][:, None])
    values: Floats = games[:, :, None] * terms
    for condition in range(m):
        halves = values.reshape(leaves, -1, 2, 1 << condition, m)
        halves[:, :, 1] += halves[:, :, 0]
    return values


def _conditions_met(way: Conditions, patterns: Places) -> Places:
    """Return which conditions an event with each pattern meets, as bits, shape (leaves, patterns)."""
    unmet = np.zeros((len(way.bit), len(patterns)), np.int64)
    for step in range(way.bit.shape[1]):
        here = np.flatnonzero(way.bit[:, step] >= 0)
        answers = (patterns >> way.bit[here, step][:, None]) & 1 == 1
        unmet[here] |= (answers != way.wanted[here, step][:, None]).astype(np.int64) << way.condition[here, step][
            :, None
        ]
    return (1 << (int(np.max(way.condition)) + 1)) - 1 - unmet


def _column_of_condition(way: Conditions, slots: Places, m: int) -> Places:
    column = np.zeros((len(way.bit), m), np.int64)
    for step in range(way.bit.shape[1]):
        here = np.flatnonzero(way.bit[:, step] >= 0)
        column[here, way.condition[here, step]] = slots[here, way.bit[here, step]]
    return column


def _finish(trees: TreeArrays, plan: TablePlan, slots: Places, first: Places, rows: Floats, bits: Places) -> Tables:
    width = rows.shape[1]
    here = np.flatnonzero((bits <= NARROW) == (width == NARROW))
    splits = np.full((len(here), width), trees.splits.never, np.int64)
    features = np.full((len(here), width), -1, np.int64)
    for bit in range(min(width, plan.splits.shape[1])):
        node = plan.splits[here, bit]
        there = np.flatnonzero(node >= 0)
        splits[there, bit] = trees.split[node[there]]
        features[there, slots[here[there], bit]] = trees.feature[node[there]]
    columns = np.argsort(features.ravel(), kind="stable")
    columns = columns[features.ravel()[columns] >= 0]
    present, starts = np.unique(features.ravel()[columns], return_index=True)
    return Tables(splits.ravel(), first[here], rows.astype(np.float32), columns, present, starts)
