"""Tree arrays: the nodes of an ensemble side by side, with parents and depths, for columnar work."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Floats
from tollgate.core.explanations.splits import Bools, Places, Splits

from model_build.onnx_export.trees import Ensemble


@dataclass(frozen=True)
class TreeArrays:
    """m nodes of t trees; every array has shape (m,), and nodes are named by their place in it.

    ``left`` and ``parent`` are -1 where there is none. ``answer`` is what the parent's split has to say for an event to
    come here. ``share`` is how much of the parent's cover comes here. ``split`` is the node's place in ``splits``.
    ``levels`` holds the nodes of each depth, from the roots down.
    """

    left: Places
    right: Places
    feature: Places
    value: Floats
    tree: Places
    parent: Places
    answer: Bools
    share: Floats
    depth: Places
    split: Places
    splits: Splits
    levels: tuple[Places, ...]

    @property
    def leaves(self) -> Places:
        """The nodes that are leaves."""
        return np.flatnonzero(self.left < 0)


def to_tree_arrays(ensemble: Ensemble, features: int) -> TreeArrays:
    """Lay the nodes of all trees of an ensemble on ``features`` features side by side."""
    sizes = [len(tree.left) for tree in ensemble.trees]
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)

    def joined(name: str) -> npt.NDArray[np.float64]:
        return np.concatenate([getattr(tree, name) for tree in ensemble.trees])

    left, right = joined("left").astype(np.int64), joined("right").astype(np.int64)
    inner, offset = left >= 0, np.repeat(first, sizes)
    left, right = np.where(inner, left + offset, -1), np.where(inner, right + offset, -1)
    m = len(left)
    parent, answer, depth = np.full(m, -1, np.int64), np.zeros(m, bool), np.zeros(m, np.int64)
    parent[left[inner]] = parent[right[inner]] = np.flatnonzero(inner)
    answer[left[inner]] = True
    levels: list[Places] = []
    level = first
    while len(level):
        depth[level] = len(levels)
        levels.append(level)
        level = np.concatenate([left[level], right[level]])
        level = level[level >= 0]
    cover, above = joined("cover"), np.maximum(parent, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(parent < 0, 1.0, cover / cover[above])
    # Where no training event came, both ways are as good as each other.
    share = np.where(np.isfinite(share), share, 0.5)
    feature = joined("feature").astype(np.int64)
    split, splits = _distinct_splits(ensemble, feature, inner, features)
    tree = np.repeat(np.arange(len(sizes)), sizes)
    value = joined("value")
    return TreeArrays(left, right, feature, value, tree, parent, answer, share, depth, split, splits, tuple(levels))


def _distinct_splits(ensemble: Ensemble, feature: Places, inner: Bools, features: int) -> tuple[Places, Splits]:
    threshold = np.concatenate([tree.threshold for tree in ensemble.trees]).astype(np.float32)
    if ensemble.mode == "BRANCH_LT":
        # Below t is at most the float32 before t.
        threshold = np.nextafter(threshold, np.float32(-np.inf))
    # A missing value stands as infinity, which no threshold may reach.
    threshold = np.minimum(threshold, np.finfo(np.float32).max)
    missing_left = np.concatenate([tree.missing_left for tree in ensemble.trees])
    column = np.where(missing_left, feature, feature + features)
    pairs = np.rec.fromarrays([column[inner], threshold[inner]])
    distinct, place = np.unique(pairs, return_inverse=True)
    split = np.full(len(feature), -1, np.int64)
    split[inner] = place
    return split, Splits(distinct["f0"].astype(np.int64), distinct["f1"].astype(np.float32))
