"""Trees as arrays, and those arrays as ONNX: one exporter for every kind of tree ensemble.

The public converter gets random forests with missing values wrong, so this is ours; `parity` holds every export to the
model that it came from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper
from tollgate.core.model import INPUT, OUTPUT

OPSET, TREE_OPSET, IR_VERSION = 18, 3, 10


@dataclass(frozen=True)
class Tree:
    """One tree of m nodes; every array has shape (m,). A leaf has ``left`` of -1 and its value in ``values``.

    A split sends an event left where its feature is below (`BRANCH_LT`) or at most (`BRANCH_LEQ`) ``thresholds``, and
    an event without the feature where ``missing_left`` says.
    """

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float32]
    missing_left: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaves add up; ``logistic`` says that the sum is a log-odds, else it is a probability."""

    trees: Sequence[Tree]
    mode: Literal["BRANCH_LT", "BRANCH_LEQ"]
    logistic: bool


def xgboost_trees(booster: Any) -> Ensemble:  # noqa: ANN401 - xgboost has no types
    """Read the trees of a fitted xgboost Booster with base_score 0.5, a log-odds of 0."""
    model = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]
    return Ensemble([_xgboost_tree(tree) for tree in model["trees"]], "BRANCH_LT", logistic=True)


def _xgboost_tree(tree: dict[str, Any]) -> Tree:
    left = np.array(tree["left_children"], dtype=np.int64)
    conditions = np.array(tree["split_conditions"], dtype=np.float32)
    return Tree(
        left=left,
        right=np.array(tree["right_children"], dtype=np.int64),
        feature=np.array(tree["split_indices"], dtype=np.int64),
        threshold=conditions,
        missing_left=np.array(tree["default_left"], dtype=bool),
        value=np.where(left < 0, conditions, np.float32(0)),
    )


def forest_trees(forest: Any) -> Ensemble:  # noqa: ANN401 - scikit-learn has no types
    """Read the trees of a fitted scikit-learn random forest for two classes."""
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
        value=np.where(leaf, probability / count, 0.0).astype(np.float32),
    )


def _round_down(thresholds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the largest float32 at or below each: for a float32 x, x ≤ threshold stays what it was."""
    rounded = thresholds.astype(np.float32)
    lower: npt.NDArray[np.float32] = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded > thresholds, lower, rounded)


def export_trees(ensemble: Ensemble, features: int) -> bytes:
    """Return the ensemble as an ONNX model: float32 features (n, f) in, float32 probability (n, 1) out."""
    attributes = _node_attributes(ensemble)
    tree_output = "margin" if ensemble.logistic else OUTPUT
    nodes = [
        helper.make_node(
            "TreeEnsembleRegressor",
            [INPUT],
            [tree_output],
            domain="ai.onnx.ml",
            n_targets=1,
            aggregate_function="SUM",
            post_transform="NONE",
            **attributes,
        )
    ]
    if ensemble.logistic:
        nodes.append(helper.make_node("Sigmoid", ["margin"], [OUTPUT]))
    return build_model(nodes, [], features)


def _node_attributes(ensemble: Ensemble) -> dict[str, Any]:
    sizes = [len(tree.left) for tree in ensemble.trees]
    tree_ids = np.repeat(np.arange(len(sizes)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])

    def joined(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(tree, name) for tree in ensemble.trees])

    leaf = joined("left") < 0
    return {
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_featureids": joined("feature").tolist(),
        "nodes_values": joined("threshold").tolist(),
        "nodes_modes": np.where(leaf, "LEAF", ensemble.mode).tolist(),
        "nodes_truenodeids": np.where(leaf, 0, joined("left")).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, joined("right")).tolist(),
        "nodes_missing_value_tracks_true": joined("missing_left").astype(int).tolist(),
        "target_treeids": tree_ids[leaf].tolist(),
        "target_nodeids": node_ids[leaf].tolist(),
        "target_ids": [0] * int(leaf.sum()),
        "target_weights": joined("value")[leaf].tolist(),
    }


def build_model(nodes: Sequence[Any], constants: Sequence[Any], features: int) -> bytes:
    """Return an ONNX model with our input and output names around ``nodes``."""
    graph = helper.make_graph(
        nodes,
        "tollgate",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, features])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None, 1])],
        constants,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREE_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="tollgate")
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
