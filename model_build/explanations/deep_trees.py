"""Deep trees prepared for exact reasons, by quadrature along their cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tollgate.core.explanations.splits import Places
from tollgate.core.explanations.tree_quadrature import DeepTrees

from model_build.explanations.tree_arrays import TreeArrays

# A share of no cover at all would divide by zero; this one moves no contribution that float64 shows.
_MIN_SHARE = 1e-12


@dataclass(frozen=True)
class _Nodes:
    """Nodes of trees of any depth: ``order`` has them level by level, siblings side by side.

    ``parent``, ``feature`` (of the parent's split, -1 at a root) and ``depth`` follow that order.
    """

    order: Places
    ends: Places
    parent: Places
    feature: Places
    depth: Places

    @property
    def roots(self) -> int:
        return int(self.ends[0])


def _order_nodes(trees: TreeArrays) -> _Nodes:
    levels = [trees.levels[0]]
    while len(parents := levels[-1][trees.left[levels[-1]] >= 0]):
        levels.append(np.stack([trees.left[parents], trees.right[parents]], axis=1).ravel())
    order = np.concatenate(levels)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    above = trees.parent[order]
    sizes = [len(level) for level in levels]
    return _Nodes(
        order,
        np.cumsum(sizes).astype(np.int64),
        np.where(above < 0, -1, place[above]),
        np.where(above < 0, -1, trees.feature[above]),
        np.repeat(np.arange(len(levels)), sizes),
    )


def _splits_above(trees: TreeArrays, nodes: _Nodes) -> Places:
    above = trees.parent[nodes.order]
    return np.where(above < 0, trees.splits.never, trees.split[above])


def build_deep_trees(trees: TreeArrays) -> DeepTrees:
    """Return trees of any depth as their reasons need them."""
    nodes = _order_nodes(trees)
    m, order = len(nodes.order), nodes.order
    before = _same_feature_before(nodes)
    share = np.append(np.maximum(trees.share[order], _MIN_SHARE), 1.0)
    for level in range(1, len(nodes.ends)):
        here = slice(nodes.ends[level - 1], nodes.ends[level])
        share[here] *= share[before[here]]
    distinct = _count_distinct(nodes, before)
    return DeepTrees(
        ends=nodes.ends,
        split=_splits_above(trees, nodes),
        wanted=trees.answer[order],
        before=before,
        share=share[:m],
        value=np.where(trees.left[order] < 0, trees.value[order], 0.0),
        feature=np.maximum(nodes.feature, 0),
        inner=np.flatnonzero(trees.left[order] >= 0),
        points=max(1, (int(np.max(distinct)) + 1) // 2),
    )


def _same_feature_before(nodes: _Nodes) -> Places:
    m = len(nodes.order)
    before, node = np.full(m, m, np.int64), nodes.parent.copy()
    while len(looking := np.flatnonzero(node >= 0)):
        same = nodes.feature[node[looking]] == nodes.feature[looking]
        before[looking[same]] = node[looking[same]]
        node[looking] = np.where(same, -1, nodes.parent[node[looking]])
    return before


def _count_distinct(nodes: _Nodes, before: Places) -> Places:
    distinct = np.zeros(len(before), np.int64)
    for level in range(1, len(nodes.ends)):
        here = slice(nodes.ends[level - 1], nodes.ends[level])
        distinct[here] = distinct[nodes.parent[here]] + (before[here] == len(before))
    return distinct
