"""A model that somebody brings: what common exporters write is taken, and what cannot be is refused in a sentence."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import onnx
import pytest
import xgboost
from onnx import TensorProto, helper
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn.base import ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from tollgate.core.detectors.model import Model
from tollgate.core.features.feature import Matrix
from tollgate.errors import ModelFileError

from model_build.onnx_export.external import MAX_BYTES, read_onnx_file

FEATURES = 5
GENERATOR = np.random.default_rng(0)
ROWS: Matrix = GENERATOR.standard_normal((400, FEATURES)).astype(np.float32)
LABELS: npt.NDArray[np.int64] = (ROWS[:, 0] + ROWS[:, 1] > 1).astype(np.int64)
Export = Callable[[ClassifierMixin], Any]


def by_skl2onnx(**options: Any) -> Export:  # noqa: ANN401 - the converter's own
    return lambda fitted: to_onnx(fitted, ROWS[:1], **options)


def by_onnxmltools(convert: Callable[..., Any], **options: Any) -> Export:  # noqa: ANN401
    taken = [("input", FloatTensorType([None, FEATURES]))]
    return lambda fitted: convert(fitted, initial_types=taken, target_opset=15, **options)


def mlp() -> Any:  # noqa: ANN401 - a pipeline
    return make_pipeline(SimpleImputer(), MLPClassifier((8,), max_iter=300, tol=0.01, random_state=0))


@pytest.mark.parametrize(
    ("model", "export"),
    [
        pytest.param(mlp(), by_skl2onnx(options={"zipmap": False}), id="mlp"),
        pytest.param(mlp(), by_skl2onnx(), id="mlp with a ZipMap"),
        pytest.param(RandomForestClassifier(5, random_state=0), by_skl2onnx(), id="forest"),
        pytest.param(xgboost.XGBClassifier(n_estimators=5), by_onnxmltools(convert_xgboost), id="xgboost"),
        pytest.param(
            lightgbm.LGBMClassifier(n_estimators=5, verbose=-1), by_onnxmltools(convert_lightgbm), id="lightgbm"
        ),
        pytest.param(
            lightgbm.LGBMClassifier(n_estimators=5, verbose=-1),
            by_onnxmltools(convert_lightgbm, zipmap=False),
            id="lightgbm without a ZipMap",
        ),
    ],
)  # fmt: skip
def test_what_exporters_write_answers_as_the_model_did(model: ClassifierMixin, export: Export, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the converters and libraries, on each other's versions
        exported = export(model.fit(ROWS, LABELS))
        expected = model.predict_proba(ROWS)[:, 1]
    path = tmp_path / "model.onnx"
    path.write_bytes(exported.SerializeToString())

    assert np.abs(Model(read_onnx_file(path, ROWS[:3])).predict(ROWS) - expected).max() <= 1e-6


def graph(
    nodes: Sequence[Any],
    *,
    shape: Sequence[Any] = (None, FEATURES),
    kind: int = TensorProto.FLOAT,
    outputs: Sequence[str] = ("p",),
    weights: Sequence[Any] = (),
    opset: int = 18,
) -> onnx.ModelProto:
    made = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("x", kind, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        weights,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def node(operator: str, taken: Sequence[str], given: str, **attributes: Any) -> Any:  # noqa: ANN401 - onnx has no types
    return helper.make_node(operator, taken, [given], **attributes)


def one_column(rows: Sequence[int] = (0,)) -> list[Any]:
    """Nodes that answer the sigmoid of some columns."""
    places = helper.make_tensor("", TensorProto.INT64, [len(rows)], rows)
    return [
        helper.make_node("Constant", [], ["places"], value=places),
        node("Gather", ["x", "places"], "taken", axis=1),
        node("Sigmoid", ["taken"], "p"),
    ]


@pytest.mark.parametrize("names", ["features", "probability"])
def test_names_that_are_ours_may_stand_anywhere_in_it(names: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    nodes = one_column()
    nodes[1].output[0] = nodes[2].input[0] = names
    path.write_bytes(graph(nodes).SerializeToString())

    expected = 1 / (1 + np.exp(-ROWS[:, 0].astype(np.float64)))
    assert np.abs(Model(read_onnx_file(path, ROWS[:3])).predict(ROWS) - expected).max() <= 1e-6


def external() -> onnx.ModelProto:
    weight = TensorProto(name="w", data_type=1, dims=[FEATURES], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="w.bin")
    return graph([node("Mul", ["x", "w"], "p")], weights=[weight])


def two_inputs() -> onnx.ModelProto:
    made = graph([node("Add", ["x", "y"], "p")])
    made.graph.input.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1]))
    return made


REFUSED = {
    "another number of features": (graph(one_column(), shape=[None, 12]), "takes 12 features, but this detector file"),
    "one event at a time": (graph(one_column(), shape=[1, FEATURES]), "takes the shape [1, 5] at its input x"),
    "one dimension": (graph(one_column(), shape=[FEATURES]), "takes the shape [5] at its input x; it must be [n, 5]"),
    "float64": (graph(one_column(), kind=TensorProto.DOUBLE), "takes double at its input x; export it with float32"),
    "two inputs": (two_inputs(), "has 2 inputs (x, y); it must have one, an array of the 5 features"),
    "outputs of which none is named": (
        graph([*one_column(), node("Abs", ["taken"], "q")], outputs=["p", "q"]),
        "has the outputs p, q, and it is not clear which of them has probabilities",
    ),
    "labels only": (
        graph([*one_column(), node("Cast", ["p"], "label", to=TensorProto.INT64)], outputs=["label"]),
        "none of them has probabilities",
    ),
    "three classes": (graph(one_column([0, 1, 2])), "gives p the shape [3, 3] for 3 events; it must be"),
    "a custom operator": (
        graph([node("Fancy", ["x"], "p", domain="my.ops")]),
        'uses the operator Fancy of "my.ops"; only the operators of ONNX'
    ),
    "an operator that is not": (graph([node("Fancy", ["x"], "p")]), "cannot be run by ONNX Runtime"),
    "a custom operator in a branch": (
        graph([
            node("Sigmoid", ["x"], "q"),
            helper.make_node("Constant", [], ["yes"], value=helper.make_tensor("", TensorProto.BOOL, [1], [True])),
            node("If", ["yes"], "p", **{
                f"{name}_branch": helper.make_graph(
                    [node("Fancy", ["q"], name, domain="my.ops")], name, [],
                    [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
                ) for name in ("then", "else")
            }),
        ]),
        'uses the operator Fancy of "my.ops"',
    ),
    "a version of ONNX to come": (graph(one_column(), opset=99), "that ONNX Runtime"),
    "external data": (external(), "keeps its weights in files beside it (external data): export it as one file."),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    model, says = REFUSED[name]
    if name == "labels only":
        model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())

    with pytest.raises(ModelFileError) as refused:
        read_onnx_file(path, ROWS[:3])

    said = str(refused.value)
    assert said.startswith(f"{path} ")
    assert says in said
    assert said.endswith(".")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"not a model", "is not an ONNX file"), (b"", "is not an ONNX file"), (None, "File .* does not exist")],
)
def test_another_file_is_refused(content: bytes | None, says: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError, match=says):
        read_onnx_file(path, ROWS[:3])


def test_a_model_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + (1 << 20))
    with pytest.raises(ModelFileError, match="has 101 MB; the limit is 100 MB"):
        read_onnx_file(path, ROWS[:3])


def test_a_regression_of_two_classes_is_one_column(tmp_path: Path) -> None:
    """Labels that are words: the second of their order is taken, which the sealing then judges."""
    words = np.where(LABELS == 1, "fraud", "legitimate")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = LogisticRegression().fit(ROWS, words)
        path = tmp_path / "model.onnx"
        path.write_bytes(to_onnx(fitted, ROWS[:1]).SerializeToString())

    found = Model(read_onnx_file(path, ROWS[:3])).predict(ROWS)
    assert np.abs(found - fitted.predict_proba(ROWS)[:, 1]).max() <= 1e-6
