"""Tree ensembles as arrays, and their ONNX export: one exporter for every library.

The public converter gets random forests with missing values wrong, so Tollgate has its own exporter; `parity` compares
every export with the model that it came from. `tree_import` makes these arrays from the libraries' models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper
from tollgate.core.detectors.model import INPUT, OUTPUT
from tollgate.core.events.event import Floats
from tollgate.core.explanations.explainer import FOREST_FLOOR
from tollgate.core.features.feature import Matrix

from model_build.models.calibration import Calibration
from model_build.onnx_export.graph import build_model, constant, to_probability


@dataclass(frozen=True)
class Tree:
    """One tree of m nodes; every array has shape (m,). A leaf has ``left`` of -1 and its value in ``value``.

    A split sends an event left where its feature is below (`BRANCH_LT`) or at most (`BRANCH_LEQ`) ``threshold``, and
    an event without the feature where ``missing_left`` says. ``cover`` is how much of the training data came to each
    node, by whatever measure the library keeps.
    """

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float32]
    missing_left: npt.NDArray[np.bool_]
    value: Floats
    cover: Floats


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaves add up; ``logistic`` says that the sum is a log-odds, else it is a probability."""

    trees: Sequence[Tree]
    mode: Literal["BRANCH_LT", "BRANCH_LEQ"]
    logistic: bool


def average_ensembles(ensembles: Sequence[Ensemble]) -> Ensemble:
    """Return one ensemble whose sum is the mean of those of ``ensembles``, all of one mode and kind."""
    if len(ensembles) == 1:
        return ensembles[0]
    trees = [replace(tree, value=tree.value / len(ensembles)) for ensemble in ensembles for tree in ensemble.trees]
    return replace(ensembles[0], trees=trees)


def fill_missing(ensemble: Ensemble, fill_values: Matrix) -> Ensemble:
    """Return the ensemble that treats a missing feature as its value in ``fill_values``, float32 (f,).

    Every split then sends an event without the feature where it would send that value: no node is added.
    """

    def fill(tree: Tree) -> Tree:
        values = fill_values[tree.feature]
        left = values < tree.threshold if ensemble.mode == "BRANCH_LT" else values <= tree.threshold
        return replace(tree, missing_left=left)

    return replace(ensemble, trees=[fill(tree) for tree in ensemble.trees])


def forest_margin(fraud: Floats, legitimate: Floats) -> Floats:
    """Return the log-odds of a forest's two shares, both (n,): log((fraud + floor) / (legitimate + floor))."""
    margin: Floats = np.log(fraud + FOREST_FLOOR) - np.log(legitimate + FOREST_FLOOR)
    return margin


def export_trees(ensemble: Ensemble, features: int, calibration: Calibration | None = None) -> bytes:
    """Return the ensemble as an ONNX model: float32 features (n, f) in, float32 probability (n, 1) out.

    ``calibration`` is a line on the log-odds, which for a forest is `forest_margin`.
    """
    if calibration is None:
        nodes = [_sum_leaves(ensemble, "margin" if ensemble.logistic else OUTPUT)]
        if ensemble.logistic:
            nodes.append(helper.make_node("Sigmoid", ["margin"], [OUTPUT]))
        return build_model(nodes, [], features)
    before, constants = _boosted_margin_nodes(ensemble) if ensemble.logistic else _forest_margin_nodes(ensemble)
    after, line = to_probability("margin", calibration)
    return build_model([*before, *after], [*constants, *line], features)


def _boosted_margin_nodes(ensemble: Ensemble) -> tuple[list[Any], list[Any]]:
    return [_sum_leaves(ensemble, "sum"), helper.make_node("Cast", ["sum"], ["margin"], to=TensorProto.DOUBLE)], []


def _forest_margin_nodes(ensemble: Ensemble) -> tuple[list[Any], list[Any]]:
    # Both shares are summed: 1 − p in float32 would lose the digits that the log-odds of a p near 1 is made of.
    nodes = [
        _sum_leaves(ensemble, "sums", legitimate_too=True),
        helper.make_node("Cast", ["sums"], ["shares"], to=TensorProto.DOUBLE),
        helper.make_node("Add", ["shares", "floor"], ["raised"]),
        helper.make_node("Log", ["raised"], ["logs"]),
        helper.make_node("MatMul", ["logs", "difference"], ["margin"]),
    ]
    return nodes, [constant("floor", [FOREST_FLOOR]), constant("difference", [[1.0], [-1.0]])]


def _sum_leaves(ensemble: Ensemble, output: str, *, legitimate_too: bool = False) -> Any:  # noqa: ANN401
    return helper.make_node(
        "TreeEnsembleRegressor",
        [INPUT],
        [output],
        domain="ai.onnx.ml",
        n_targets=2 if legitimate_too else 1,
        aggregate_function="SUM",
        post_transform="NONE",
        **_node_attributes(ensemble, legitimate_too=legitimate_too),
    )


def _node_attributes(ensemble: Ensemble, *, legitimate_too: bool) -> dict[str, Any]:
    sizes = [len(tree.left) for tree in ensemble.trees]
    tree_ids = np.repeat(np.arange(len(sizes)), sizes)
    node_ids = np.concatenate([np.arange(size) for size in sizes])

    def joined(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(tree, name) for tree in ensemble.trees])

    leaf = joined("left") < 0
    targets = 2 if legitimate_too else 1
    fraud = joined("value")[leaf]
    weights = np.stack([fraud, 1 / len(sizes) - fraud][:targets], axis=1)
    return {
        "nodes_treeids": tree_ids.tolist(),
        "nodes_nodeids": node_ids.tolist(),
        "nodes_featureids": joined("feature").tolist(),
        "nodes_values": joined("threshold").tolist(),
        "nodes_modes": np.where(leaf, "LEAF", ensemble.mode).tolist(),
        "nodes_truenodeids": np.where(leaf, 0, joined("left")).tolist(),
        "nodes_falsenodeids": np.where(leaf, 0, joined("right")).tolist(),
        "nodes_missing_value_tracks_true": joined("missing_left").astype(int).tolist(),
        "target_treeids": np.repeat(tree_ids[leaf], targets).tolist(),
        "target_nodeids": np.repeat(node_ids[leaf], targets).tolist(),
        "target_ids": np.tile(np.arange(targets), int(leaf.sum())).tolist(),
        "target_weights": weights.astype(np.float32).ravel().tolist(),
    }
