"""Tree import: xgboost, LightGBM and scikit-learn trees as the arrays of `trees`."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Floats

from model_build.onnx_export.trees import Ensemble, Tree

# LightGBM takes what is no farther from zero for zero: kZeroThreshold, a float32, in its include/LightGBM/meta.h.
_LIGHTGBM_ZERO = np.float32(1e-35)
# Bits of a node's decision_type, and the two among them that say what is missing: LightGBM's include/LightGBM/tree.h.
_CATEGORICAL, _DEFAULT_LEFT, _MISSING_KIND, _MISSING_IS_NAN = 1, 2, 12, 8


def xgboost_trees(booster: Any) -> Ensemble:  # noqa: ANN401 - xgboost has no types
    """Read the trees of a fitted xgboost Booster; a base score other than 0.5 becomes one more tree, of one leaf."""
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    trees = [_xgboost_tree(tree) for tree in learner["gradient_booster"]["model"]["trees"]]
    base_score = float(learner["learner_model_param"]["base_score"].strip("[]"))
    if base_score != 0.5:
        trees.insert(0, _single_leaf(float(np.log(base_score / (1 - base_score)))))
    return Ensemble(trees, "BRANCH_LT", logistic=True)


def _xgboost_tree(tree: dict[str, Any]) -> Tree:
    left = np.array(tree["left_children"], dtype=np.int64)
    conditions = np.array(tree["split_conditions"], dtype=np.float32)
    return Tree(
        left=left,
        right=np.array(tree["right_children"], dtype=np.int64),
        feature=np.array(tree["split_indices"], dtype=np.int64),
        threshold=conditions,
        missing_left=np.array(tree["default_left"], dtype=bool),
        value=np.where(left < 0, conditions, 0.0).astype(np.float64),
        cover=np.array(tree["sum_hessian"], dtype=np.float64),
    )


def _single_leaf(value: float) -> Tree:
    none = np.array([-1], dtype=np.int64)
    return Tree(none, none, none + 1, np.zeros(1, np.float32), np.zeros(1, bool), np.array([value]), np.ones(1))


def lightgbm_trees(booster: Any) -> Ensemble:  # noqa: ANN401 - lightgbm has no types
    """Read the trees of a fitted LightGBM Booster for two classes, without categorical splits.

    They come from the text of the model, which gives every number in full.
    """
    blocks = booster.model_to_string().partition("end of trees")[0].split("Tree=")[1:]
    return Ensemble([_lightgbm_tree(block) for block in blocks], "BRANCH_LEQ", logistic=True)


def _lightgbm_tree(block: str) -> Tree:
    fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)

    def numbers(name: str) -> Floats:
        return np.array(fields[name].split(), dtype=np.float64)

    leaves = numbers("leaf_value")
    splits = len(leaves) - 1

    def with_leaves(of_splits: npt.NDArray[Any], of_leaves: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.concatenate([of_splits[:splits], of_leaves])

    def children(name: str) -> npt.NDArray[np.int64]:
        child = numbers(name).astype(np.int64)
        # Below zero is a leaf, counted from -1 downwards; leaves come after the splits here.
        return with_leaves(np.where(child < 0, splits - 1 - child, child), np.full(len(leaves), -1))

    decision, none = numbers("decision_type").astype(np.int64), np.zeros(len(leaves), dtype=np.int64)
    if np.any(decision & _CATEGORICAL):
        raise ValueError("LightGBM trees with categorical splits cannot be read.")
    threshold = _lightgbm_thresholds(numbers("threshold"))
    # Where training saw nothing missing, a missing value counts as zero.
    missing_left = np.where(decision & _MISSING_KIND == _MISSING_IS_NAN, decision & _DEFAULT_LEFT > 0, threshold >= 0)
    return Tree(
        left=children("left_child"),
        right=children("right_child"),
        feature=with_leaves(numbers("split_feature").astype(np.int64), none),
        threshold=with_leaves(threshold, none.astype(np.float32)),
        missing_left=with_leaves(missing_left, none.astype(bool)),
        value=with_leaves(np.zeros(splits), leaves),
        cover=with_leaves(numbers("internal_count"), numbers("leaf_count") if splits else np.ones(1)),
    )


def _lightgbm_thresholds(thresholds: Floats) -> npt.NDArray[np.float32]:
    """Return thresholds that send every float32 where LightGBM does, which takes values next to zero for zero."""
    zero = np.float64(_LIGHTGBM_ZERO)
    below_all_zeros = np.nextafter(-_LIGHTGBM_ZERO, np.float32(-np.inf))
    rounded = np.where((thresholds >= 0) & (thresholds < zero), _LIGHTGBM_ZERO, _round_down(thresholds))
    return np.where((thresholds < 0) & (thresholds >= -zero), below_all_zeros, rounded)


def forest_trees(forest: Any) -> Ensemble:  # noqa: ANN401 - scikit-learn has no types
    """Read the trees of a fitted random forest of scikit-learn, or of imbalanced-learn, for two classes."""
    return Ensemble(
        [_forest_tree(estimator.tree_, len(forest.estimators_)) for estimator in forest.estimators_],
        "BRANCH_LEQ",
        logistic=False,
    )


def _forest_tree(tree: Any, count: int) -> Tree:  # noqa: ANN401
    leaf = tree.children_left < 0
    probability = tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1)
    return Tree(
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        feature=np.where(leaf, 0, tree.feature).astype(np.int64),
        threshold=_round_down(np.where(leaf, 0.0, tree.threshold)),
        missing_left=tree.missing_go_to_left.astype(bool),
        value=np.where(leaf, probability / count, 0.0),
        cover=tree.weighted_n_node_samples.astype(np.float64),
    )


def _round_down(thresholds: Floats) -> npt.NDArray[np.float32]:
    """Return the largest float32 at or below each threshold: for a float32 x, x ≤ threshold stays the same."""
    with np.errstate(over="ignore"):  # LightGBM writes "any number" as 1e300; it becomes the largest float32
        rounded = thresholds.astype(np.float32)
    lower: npt.NDArray[np.float32] = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded > thresholds, lower, rounded)
