"""ONNX graph parts that every export shares: the model around its nodes, and log-odds to probability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tollgate.core.detectors.model import INPUT, OUTPUT

from model_build.models.calibration import Calibration

OPSET, TREE_OPSET, IR_VERSION = 18, 3, 10


def constant(name: str, value: Any) -> Any:  # noqa: ANN401 - onnx has no types
    """Return a named float64 constant of a graph."""
    return numpy_helper.from_array(np.asarray(value, np.float64), name)


def to_probability(margin: str, calibration: Calibration | None) -> tuple[list[Any], list[Any]]:
    """Return the nodes and constants that turn ``margin``, log-odds in float64, shape (n, 1), into a probability."""
    nodes, constants = [], []
    if calibration is not None:
        constants = [constant("slope", [calibration.slope]), constant("intercept", [calibration.intercept])]
        nodes = [
            helper.make_node("Mul", [margin, "slope"], ["stretched"]),
            helper.make_node("Add", ["stretched", "intercept"], ["calibrated"]),
        ]
        margin = "calibrated"
    nodes += [
        helper.make_node("Sigmoid", [margin], ["exact"]),
        helper.make_node("Cast", ["exact"], [OUTPUT], to=TensorProto.FLOAT),
    ]
    return nodes, constants


def build_model(nodes: Sequence[Any], constants: Sequence[Any], features: int) -> bytes:
    """Return an ONNX model with the input and output names of serving around ``nodes``."""
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
