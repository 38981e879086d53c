"""Deep trees prepared for exact reasons: by quadrature along their cover, or in pairs with a background."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Bools, Places
from tollgate.core.explanations.tree_pairs import DeepPairs
from tollgate.core.explanations.tree_quadrature import DeepTrees
from tollgate.errors import TrainingDataError

from model_build.explanations.tree_arrays import TreeArrays

# A share of no cover at all would divide by zero; this one moves no contribution that float64 shows.
_MIN_SHARE = 1e-12
_MAX_CONDITIONS = 64


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
    """Return trees of any depth as path-dependent reasons need them."""
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


def build_background_trees(trees: TreeArrays, background: Bools) -> DeepPairs:
    """Return trees of any depth as reasons against a background need them.

    ``background``, shape (b, s + 1), is what the splits say of each of its rows. Raises `TrainingDataError` where a way
    asks about more features than a mask has bits.
    """
    nodes = _order_nodes(trees)
    before = _same_feature_before(nodes)
    bit = _number_on_way(nodes, before)
    conditions = int(np.max(bit)) + 1
    if conditions > _MAX_CONDITIONS:
        raise TrainingDataError(
            f"A tree asks about {conditions} features on one way, and reasons against a background are told for up to "
            f'{_MAX_CONDITIONS}: set reasons = "path_dependent", or a lower max_depth.'
        )
    kind = np.min_scalar_type((1 << max(conditions, 1)) - 1)
    leaf = np.flatnonzero(trees.left[nodes.order] < 0)
    empty = DeepPairs(
        ends=nodes.ends,
        split=_splits_above(trees, nodes),
        wanted=trees.answer[nodes.order],
        bit=np.maximum(bit, 0),
        inner=np.flatnonzero(trees.left[nodes.order] >= 0),
        leaf=leaf,
        features=_features_on_way(nodes, bit, leaf, conditions),
        missed=np.zeros(0, kind),
        entry_leaf=np.zeros(0, np.int64),
        weight=np.zeros(0),
    )
    return _enter_background(empty, trees.value[nodes.order[leaf]], background)


def _enter_background(pairs: DeepPairs, values: Floats, background: Bools) -> DeepPairs:
    missed = np.stack([pairs.missed_by(said) for said in background], axis=1)
    missed.sort(axis=1)
    fresh = np.ones(missed.shape, bool)
    fresh[:, 1:] = missed[:, 1:] != missed[:, :-1]
    leaf, _ = np.nonzero(fresh)
    counts = np.diff(np.append(np.flatnonzero(fresh.ravel()), fresh.size))
    return replace(
        pairs, missed=missed[fresh], entry_leaf=leaf.astype(np.int64), weight=values[leaf] * counts / len(background)
    )


def _features_on_way(nodes: _Nodes, bit: Places, leaf: Places, conditions: int) -> Places:
    features = np.zeros((len(leaf), max(conditions, 1)), np.int64)
    node = leaf.copy()
    while len(here := np.flatnonzero(nodes.parent[node] >= 0)):
        features[here, bit[node[here]]] = nodes.feature[node[here]]
        node[here] = nodes.parent[node[here]]
    return features


def _number_on_way(nodes: _Nodes, before: Places) -> Places:
    """Return the number of each node's feature among the distinct ones on its way, -1 at a root."""
    bit, distinct = np.full(len(before) + 1, -1, np.int64), _count_distinct(nodes, before)
    for level in range(1, len(nodes.ends)):
        here = slice(nodes.ends[level - 1], nodes.ends[level])
        bit[here] = np.where(before[here] < len(before), bit[before[here]], distinct[here] - 1)
    return bit[:-1]


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
