"""Wrapper that gives any ONNX model the input and output names of serving."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper
from tollgate.core.detectors.model import INPUT, OUTPUT
from tollgate.core.features.feature import Matrix
from tollgate.errors import ModelFileError

from model_build.onnx_export.graph import OPSET

# The names in the middle of its graph could be ours.
_PREFIX = "brought/"


def wrap_model(model: onnx.ModelProto, source: str, found: str, features: int, *, fraud_column: int | None) -> bytes:
    """Return a model with our names at both ends, in place of its input ``source`` and its tensor ``found``.

    ``fraud_column`` is taken of ``found`` where that has a column for each class.
    """
    wrapped = onnx.compose.add_prefix(model, _PREFIX)
    graph = wrapped.graph
    nodes = [helper.make_node("Identity", [INPUT], [_PREFIX + source]), *graph.node]
    last = _PREFIX + found
    if fraud_column is not None:
        place = helper.make_tensor("", TensorProto.INT64, [1], [fraud_column])
        nodes.append(helper.make_node("Constant", [], ["fraud column"], value=place))
        nodes.append(helper.make_node("Gather", [last, "fraud column"], ["fraud"], axis=1))
        last = "fraud"
    nodes.append(helper.make_node("Cast", [last], [OUTPUT], to=TensorProto.FLOAT))
    kept = [given for given in graph.input if given.name != _PREFIX + source]
    for field, content in (
        (graph.node, nodes),
        (graph.input, [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, features]), *kept]),
        (graph.output, [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, None)]),
    ):
        del field[:]
        field.extend(content)
    if not any(opset.domain in ("", "ai.onnx") for opset in wrapped.opset_import):
        wrapped.opset_import.append(helper.make_opsetid("", OPSET))
    return bytes(wrapped.SerializeToString())


def run_wrapped(wrapped: bytes, rows: Matrix) -> npt.NDArray[Any]:
    """Return what a framed model answers for features, (n, f), in its own shape.

    Raises `ModelFileError`, whose sentence lacks its beginning, where ONNX Runtime does not run it.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(wrapped, options, providers=["CPUExecutionProvider"])
        return np.asarray(session.run([OUTPUT], {INPUT: rows})[0])
    except Exception as error:  # ONNX Runtime's errors have no base of their own
        raise ModelFileError(_explain_failure(error)) from None


def _explain_failure(error: Exception) -> str:
    """Return what is wrong with a model that ONNX Runtime does not run."""
    said = str(error)
    if "onnx opset versions" in said or "IR version" in said:
        return (
            f"uses a version of ONNX that ONNX Runtime {onnxruntime.__version__} does not support; export it with an "
            f"older one, such as target_opset={OPSET}."
        )
    reason = said.rpartition(" : ")[2].splitlines()[0].rstrip(".")
    return f"cannot be run by ONNX Runtime {onnxruntime.__version__}: {reason[:200]}."
