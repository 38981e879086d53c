"""ONNX file of an external model: checked, and converted to the inputs and outputs of serving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper
from tollgate.core.detectors.model import INPUT, OUTPUT
from tollgate.core.features.feature import Matrix
from tollgate.errors import ModelFileError

from model_build.onnx_export.graph import OPSET

# Every function reads it whole when it starts.
MAX_BYTES = 100 << 20
_STANDARD = ("", "ai.onnx", "ai.onnx.ml")
# Before the names inside an external graph, which could be ours.
_PREFIX = "brought/"
_FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE)


def read_onnx_file(path: Path, rows: Matrix) -> bytes:
    """Return the model of an ONNX file with the input and output names of serving.

    It takes all features side by side, float32, and one of its outputs has probabilities: (n, 2), of which the second
    column is fraud, (n, 1) or (n,). A ZipMap around them is undone. ``rows``, (m, f) with m > 2, are features to try
    it on. Raises `ModelFileError` for anything else.
    """
    model = _parse(path)
    _check_operators(path, model)
    _check_weights(path, model)
    source = _check_input(path, model, rows.shape[1])
    found = _find_probabilities(path, model)
    wrapped = wrap_model(model, source, found, rows.shape[1], fraud_column=None)
    try:
        shape = run_wrapped(wrapped, rows).shape
    except ModelFileError as error:
        raise ModelFileError(f"{path} {error}") from None
    if shape in ((len(rows),), (len(rows), 1)):
        return wrapped
    if shape != (len(rows), 2):
        raise ModelFileError(
            f"{path} gives {found} the shape {list(shape)} for {len(rows)} events; it must be the probabilities of two "
            "classes, legitimate and fraud, or of fraud alone."
        )
    return wrap_model(model, source, found, rows.shape[1], fraud_column=1)


def _parse(path: Path) -> onnx.ModelProto:
    if not path.is_file():
        raise ModelFileError(f"File {path} does not exist.")
    if path.stat().st_size > MAX_BYTES:
        raise ModelFileError(
            f"{path} has {path.stat().st_size >> 20} MB; the limit is {MAX_BYTES >> 20} MB, as every function loads "
            "it at its start: use a smaller model."
        )
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except DecodeError:
        raise ModelFileError(f"{path} is not an ONNX file.") from None
    if not model.graph.node:
        raise ModelFileError(f"{path} is not an ONNX file, or has an empty graph.")
    return model


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield a graph and the graphs inside its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _graphs(inner)


def _check_operators(path: Path, model: onnx.ModelProto) -> None:
    own = {(function.domain, function.name) for function in model.functions}
    nodes = [node for graph in _graphs(model.graph) for node in graph.node]
    for node in (*nodes, *(node for function in model.functions for node in function.node)):
        if node.domain not in _STANDARD and (node.domain, node.op_type) not in own:
            raise ModelFileError(
                f'{path} uses the operator {node.op_type} of "{node.domain}"; only the operators of ONNX itself are '
                "supported (ai.onnx and ai.onnx.ml): export it without custom operators."
            )


def _check_weights(path: Path, model: onnx.ModelProto) -> None:
    for graph in _graphs(model.graph):
        held = [attribute.t for node in graph.node for attribute in node.attribute if attribute.HasField("t")]
        for tensor in (*graph.initializer, *held):
            if tensor.data_location == TensorProto.EXTERNAL:
                raise ModelFileError(
                    f"{path} keeps its weights in files beside it (external data): export it as one file."
                )


def _check_input(path: Path, model: onnx.ModelProto, features: int) -> str:
    """Return the name of the only input."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [given for given in model.graph.input if given.name not in weights]
    if len(inputs) != 1:
        named = ", ".join(given.name for given in inputs[:4]) + (", …" if len(inputs) > 4 else "")
        raise ModelFileError(
            f"{path} has {len(inputs)} inputs ({named}); it must have one, an array of the {features} features: train "
            "it on an array, not on named columns."
        )
    (given,) = inputs
    kind = given.type.tensor_type
    if kind.elem_type != TensorProto.FLOAT:
        name = TensorProto.DataType.Name(kind.elem_type).lower()
        raise ModelFileError(
            f"{path} takes {name} at its input {given.name}; export it with float32 (FloatTensorType)."
        )
    dims = [dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim]
    if kind.HasField("shape") and (len(dims) != 2 or dims[0] is not None or dims[1] not in (None, features)):
        raise ModelFileError(_misfit(path, given.name, dims, features))
    return str(given.name)


def _misfit(path: Path, name: str, dims: list[int | None], features: int) -> str:
    if len(dims) == 2 and dims[0] is None:
        return (
            f"{path} takes {dims[1]} features, but this detector file and these events give {features}: train it on "
            "the output of `tollgate features` for the same two files."
        )
    shown = ", ".join("n" if dim is None else str(dim) for dim in dims)
    return (
        f"{path} takes the shape [{shown}] at its input {name}; it must be [n, {features}] for any number of events n: "
        "export it with a dynamic first dimension (None)."
    )


def _find_probabilities(path: Path, model: onnx.ModelProto) -> str:
    """Return the name of the tensor that has the probabilities."""
    zipped = {node.output[0]: node.input[0] for node in model.graph.node if node.op_type == "ZipMap"}
    outputs = list(model.graph.output)
    found = [one.name for one in outputs if one.name in zipped or one.type.tensor_type.elem_type in _FLOATS]
    named = [name for name in found if "prob" in name.lower()]
    chosen = found if len(found) == 1 else named
    if len(chosen) != 1:
        listed = ", ".join(one.name for one in outputs)
        which = "none of them has" if not found else "it is not clear which of them has"
        raise ModelFileError(
            f"{path} has the outputs {listed}, and {which} probabilities: export it with one output of floats, or "
            'with one whose name has "probabilities" in it.'
        )
    return str(zipped.get(chosen[0], chosen[0]))


def wrap_model(model: onnx.ModelProto, source: str, found: str, features: int, *, fraud_column: int | None) -> bytes:
    """Return a model whose input ``source`` and tensor ``found`` have the names of serving.

    ``fraud_column`` is selected if ``found`` has a column for each class.
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
    """Return the output of a wrapped model for features, (n, f), in the model's own shape.

    Raises `ModelFileError`, whose sentence lacks its subject, if ONNX Runtime cannot run the model.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(wrapped, options, providers=["CPUExecutionProvider"])
        return np.asarray(session.run([OUTPUT], {INPUT: rows})[0])
    except Exception as error:  # ONNX Runtime's errors have no base of their own
        raise ModelFileError(_explain_failure(error)) from None


def _explain_failure(error: Exception) -> str:
    """Return why ONNX Runtime cannot run a model."""
    said = str(error)
    if "onnx opset versions" in said or "IR version" in said:
        return (
            f"uses a version of ONNX that ONNX Runtime {onnxruntime.__version__} does not support; export it with an "
            f"older one, such as target_opset={OPSET}."
        )
    reason = said.rpartition(" : ")[2].splitlines()[0].rstrip(".")
    return f"cannot be run by ONNX Runtime {onnxruntime.__version__}: {reason[:200]}."
