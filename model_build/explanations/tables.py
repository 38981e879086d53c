"""Reason tables of shallow trees, built from the exact values of their leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Bools, Places
from tollgate.core.explanations.tree_tables import Tables

from model_build.explanations.leaf_shapley import background_games, cover_games, shapley_values
from model_build.explanations.table_plan import Conditions, TablePlan, number_distinct, plan_tables, trace_conditions
from model_build.explanations.tree_arrays import TreeArrays

NARROW, WIDE = 8, 16
# Values that are held at once.
_MAX_VALUES = 4_000_000


@dataclass(frozen=True)
class BuiltTables:
    """Tables, and what their trees say on average over the reference, from which contributions count."""

    tables: tuple[Tables, ...]
    base: float


def build_tables(trees: TreeArrays, background: Bools | None) -> BuiltTables:
    """Return the tables of trees that are no deeper than `table_plan.MAX_BITS`.

    ``background``, shape (b, s + 1), is what the splits say of each background row; without one, values are
    path-dependent.
    """
    plan = plan_tables(trees)
    way = trace_conditions(trees, plan)
    bits = (plan.splits >= 0).sum(axis=1)
    slots = number_distinct(np.where(plan.splits >= 0, trees.feature[plan.splits], -1))
    first, rows = _lay_out(bits)
    base = 0.0
    for leaves in _alike(bits[plan.table], way):
        table = plan.table[leaves]
        part = Conditions(way.bit[leaves], way.wanted[leaves], way.condition[leaves], way.share[leaves])
        games = _games(trees, plan, leaves, part, background)
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


def table_sizes_bytes(bits: Places) -> Places:
    """Return the size of tables whose patterns have so many bits, shape (g,)."""
    sizes: Places = (4 * np.where(bits <= NARROW, NARROW, WIDE)) << bits
    return sizes


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
    """Yield leaves in lots whose tables have as many bits and whose ways have as many conditions."""
    conditions = way.condition.max(axis=1) + 1
    for kind in np.unique(bits * 64 + conditions):
        here = np.flatnonzero(bits * 64 + conditions == kind)
        size = max(1, int(_MAX_VALUES // ((1 << int(kind // 64)) * max(1, kind % 64))))
        yield from np.split(here, range(size, len(here), size))


def _games(trees: TreeArrays, plan: TablePlan, leaves: Places, way: Conditions, background: Bools | None) -> Floats:
    m = int(np.max(way.condition)) + 1
    if background is None:
        shares = np.ones((len(leaves), m))
        for step in range(way.bit.shape[1]):
            here = np.flatnonzero(way.bit[:, step] >= 0)
            shares[here, way.condition[here, step]] *= way.share[here, step]
        return cover_games(shares)
    unmet = np.zeros((len(leaves), len(background)), np.int64)
    for step in range(way.bit.shape[1]):
        here = np.flatnonzero(way.bit[:, step] >= 0)
        split = trees.split[plan.splits[plan.table[leaves[here]], way.bit[here, step]]]
        wrong = way.wanted[here, step][:, None] != background[:, split].T
        unmet[here] |= wrong.astype(np.int64) << way.condition[here, step][:, None]
    return background_games((1 << m) - 1 - unmet, m)


def _conditions_met(way: Conditions, patterns: Places) -> Places:
    """Return which conditions an event with each pattern meets, as bits, shape (leaves, patterns)."""
    unmet = np.zeros((len(way.bit), len(patterns)), np.int64)
    for step in range(way.bit.shape[1]):
        here = np.flatnonzero(way.bit[:, step] >= 0)
        said = (patterns >> way.bit[here, step][:, None]) & 1 == 1
        unmet[here] |= (said != way.wanted[here, step][:, None]).astype(np.int64) << way.condition[here, step][:, None]
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
