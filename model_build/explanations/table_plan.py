"""Plan of reason tables: the trees that get some, the subtree of each, and the conditions that lead to each leaf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Bools, Places

from model_build.explanations.tree_arrays import TreeArrays, to_tree_arrays
from model_build.onnx_export.trees import Ensemble, Tree

# How many splits and features a table has room for.
NARROW, WIDE = 8, 16
# A table of at most this many splits serves several leaves: 128 rows. With more it would grow faster than it saves.
SHARED_BITS = 7
# A leaf under more splits than this is left to the deep trees' way.
MAX_BITS = 12
# Tables beyond this would make a version slow to open; the trees with the largest ones go without.
MAX_TABLE_BYTES = 48 << 20


@dataclass(frozen=True)
class TablePlan:
    """g tables for l leaves.

    ``root``, shape (g,), is the top of each table's subtree. ``splits``, shape (g, MAX_BITS), holds the inner nodes
    that make up its pattern, lowest bit first, -1 where there are fewer. ``leaf`` and ``table``, both (l,), say which
    table a leaf belongs to.
    """

    root: Places
    splits: Places
    leaf: Places
    table: Places


@dataclass(frozen=True)
class Conditions:
    """What leads to each of l leaves of a plan; every array has shape (l, MAX_BITS), step by step from the root.

    ``bit`` is the place of a step's split in the table's pattern, -1 beyond the leaf; ``wanted`` the answer that leads
    on; ``condition`` the number of its feature among those on the way; ``share`` how much of the cover goes that way.
    """

    bit: Places
    wanted: Bools
    condition: Places
    share: Floats


def number_distinct(values: Places) -> Places:
    """Return for each entry of (l, d) the number, from 0, of its value among those of its row; -1 where it is -1."""
    numbers = np.full(values.shape, -1, np.int64)
    count = np.zeros(len(values), np.int64)
    for step in range(values.shape[1]):
        found = numbers[:, step]
        for before in range(step):
            found[values[:, before] == values[:, step]] = numbers[values[:, before] == values[:, step], before]
        fresh = (values[:, step] >= 0) & (found < 0)
        found[fresh] = count[fresh]
        count += fresh
        found[values[:, step] < 0] = -1
    return numbers


def plan_tables(trees: TreeArrays) -> TablePlan:
    """Cover all leaves of trees no deeper than `MAX_BITS` with tables, each for as large a subtree as is worth it."""
    below = np.zeros(len(trees.left), np.int64)
    for level in trees.levels[:0:-1]:
        inner = level[trees.left[level] >= 0]
        below[inner] += 1
        np.add.at(below, trees.parent[level], below[level])
    roots = trees.levels[0]
    below[roots] += trees.left[roots] >= 0
    shared = (trees.depth + below <= SHARED_BITS) | (trees.left < 0)
    top = np.full(len(trees.left), -1, np.int64)
    for level in trees.levels:
        above = np.where(trees.parent[level] < 0, -1, top[trees.parent[level]])
        top[level] = np.where(above >= 0, above, np.where(shared[level], level, -1))
    root = np.flatnonzero(top == np.arange(len(top)))
    table_of = np.full(len(top), -1, np.int64)
    table_of[root] = np.arange(len(root))
    leaf = trees.leaves
    return TablePlan(root, _list_splits(trees, root, top, table_of), leaf, table_of[top[leaf]])


def _list_splits(trees: TreeArrays, root: Places, top: Places, table_of: Places) -> Places:
    splits = np.full((len(root), MAX_BITS), -1, np.int64)
    node = root.copy()
    for _ in range(MAX_BITS):
        here = np.flatnonzero(trees.parent[node] >= 0)
        node[here] = trees.parent[node[here]]
        splits[here, trees.depth[node[here]]] = node[here]
    inner = np.flatnonzero((trees.left >= 0) & (top >= 0))
    inner = inner[np.argsort(top[inner], kind="stable")]
    tables = table_of[top[inner]]
    rank = np.arange(len(inner)) - np.searchsorted(tables, tables)
    splits[tables, trees.depth[root[tables]] + rank] = inner
    return splits


def trace_conditions(trees: TreeArrays, plan: TablePlan) -> Conditions:
    """Follow the way to each leaf of a plan."""
    shape = (len(plan.leaf), MAX_BITS)
    bit, wanted, feature = np.full(shape, -1, np.int64), np.zeros(shape, bool), np.full(shape, -1, np.int64)
    share, node = np.ones(shape), plan.leaf.copy()
    for _ in range(MAX_BITS):
        here = np.flatnonzero(trees.parent[node] >= 0)
        child, split = node[here], trees.parent[node[here]]
        step = trees.depth[split]
        bit[here, step] = np.argmax(plan.splits[plan.table[here]] == split[:, None], axis=1)
        wanted[here, step] = trees.answer[child]
        feature[here, step] = trees.feature[split]
        share[here, step] = trees.share[child]
        node[here] = split
    return Conditions(bit, wanted, number_distinct(feature), share)


def table_sizes_bytes(bits: Places) -> Places:
    """Return the size of tables whose patterns have so many bits, shape (g,)."""
    sizes: Places = (4 * np.where(bits <= NARROW, NARROW, WIDE)) << bits
    return sizes


def divide_trees(ensemble: Ensemble, features: int) -> tuple[Ensemble | None, Ensemble | None]:
    """Return the trees that get tables and those that do not, None where there are none of a kind."""
    shallow = [tree for tree in ensemble.trees if _depth(tree) <= MAX_BITS]
    deep = [tree for tree in ensemble.trees if _depth(tree) > MAX_BITS]
    if shallow:
        sizes = _sizes_by_tree(to_tree_arrays(replace(ensemble, trees=shallow), features))
        smallest_first = np.argsort(sizes, kind="stable")
        fits = np.zeros(len(shallow), bool)
        fits[smallest_first] = np.cumsum(sizes[smallest_first]) <= MAX_TABLE_BYTES
        deep += [tree for tree, small in zip(shallow, fits, strict=True) if not small]
        shallow = [tree for tree, small in zip(shallow, fits, strict=True) if small]
    return _of(ensemble, shallow), _of(ensemble, deep)


def _of(ensemble: Ensemble, trees: Sequence[Tree]) -> Ensemble | None:
    return replace(ensemble, trees=trees) if trees else None


def _depth(tree: Tree) -> int:
    depth, level = -1, np.zeros(1, np.int64)
    while len(level):
        depth += 1
        level = np.concatenate([tree.left[level], tree.right[level]])
        level = level[level >= 0]
    return depth


def _sizes_by_tree(trees: TreeArrays) -> Floats:
    plan = plan_tables(trees)
    sizes = table_sizes_bytes((plan.splits >= 0).sum(axis=1))
    return np.bincount(trees.tree[plan.root], sizes, minlength=int(trees.tree[-1]) + 1)
