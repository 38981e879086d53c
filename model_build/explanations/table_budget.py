"""Memory budget of reason tables: shallow trees get one as long as all tables together stay small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from tollgate.core.events.event import Floats

from model_build.explanations.table_plan import MAX_BITS, plan_tables
from model_build.explanations.tables import table_sizes_bytes
from model_build.explanations.tree_arrays import TreeArrays, to_tree_arrays
from model_build.onnx_export.trees import Ensemble, Tree

# Tables beyond this would make a version slow to open; the trees with the largest ones go without.
MAX_TABLE_BYTES = 48 << 20


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
