"""A version around a model that somebody brings: it is judged, sealed, and its reasons are marked as approximate."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tollgate.core.detectors.version import sha256

from model_build.deployment.publish import open_folder
from tests.brought import FeatureTable, Fit, call, network
from tests.trained import SAMPLE_DETECTOR

pytest_plugins = ("tests.brought_fixture",)
pytestmark = pytest.mark.long


def test_the_features_are_those_that_the_version_computes(
    feature_table: FeatureTable, sample_version: Path, brought_version: Path
) -> None:
    version = open_folder(brought_version)
    assert feature_table.names == [feature.name for feature in version.features]
    assert [feature.to_json() for feature in version.features] == [
        feature.to_json() for feature in open_folder(sample_version).features
    ]
    assert np.isnan(feature_table.matrix).any()
    assert set(feature_table.parts) == {"train", "validation", "test", "None"}


def test_features_go_to_csv_too(sample_csv: Path, feature_table: FeatureTable, tmp_path: Path) -> None:
    result = call("features", sample_csv, "--detector", SAMPLE_DETECTOR, "--out", tmp_path / "f.csv")
    assert result.exit_code == 0, result.output
    with (tmp_path / "f.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    assert list(rows[0])[3:] == feature_table.names
    found = np.array([[row[name] or "nan" for name in feature_table.names] for row in rows]).astype(np.float32)
    assert np.array_equal(found, feature_table.matrix, equal_nan=True)
    assert [row["part"] or "None" for row in rows] == feature_table.parts.tolist()
    assert [int(row["label"]) for row in rows] == feature_table.labels.tolist()


def test_the_sealed_model_answers_as_the_one_that_was_brought(
    brought_version: Path, network_onnx: Path, feature_table: FeatureTable
) -> None:
    import onnxruntime  # noqa: PLC0415

    session = onnxruntime.InferenceSession(network_onnx.read_bytes(), providers=["CPUExecutionProvider"])
    (answers,) = session.run(["output_probability"], {"X": feature_table.matrix[:500]})
    found = open_folder(brought_version).model.predict(feature_table.matrix[:500])

    assert np.array_equal(found, np.array([answer[1] for answer in answers]))


def test_its_manifest_says_where_it_is_from_and_what_its_reasons_are_worth(
    brought_version: Path, network_onnx: Path
) -> None:
    manifest = open_folder(brought_version).manifest

    assert manifest["model"]["kind"] == "onnx"
    assert manifest["model"]["brought_sha256"] == sha256(network_onnx.read_bytes())
    assert "models" not in manifest["training"]["choices"]
    assert manifest["reasons"]["method"] == "lime"
    assert manifest["reasons"]["events"] == 60
    stability, gap = manifest["reasons"]["stability"], manifest["reasons"]["gap"]
    assert 0 <= stability["lowest"] <= stability["median"] <= 1
    assert 0 < gap["median"] <= gap["largest"]


def test_its_evaluation_is_that_of_any_version(brought_version: Path, sample_version: Path) -> None:
    brought, trained = (
        json.loads((folder / "evaluation.json").read_text()) for folder in (brought_version, sample_version)
    )

    assert set(brought) == set(trained)
    (model,) = brought["models"]
    assert (model["chosen"], model["imbalance"], model["train_s"]) == (True, None, None)
    assert model["test"]["auc"] > 0.8
    assert brought["importance"]["groups"]
    assert all(row["inside"] for row in brought["scale_check"]["validation"])


def test_its_card_claims_nothing_about_its_training(brought_version: Path) -> None:
    card = (brought_version / "card.md").read_text()

    assert "The model was trained elsewhere and imported as an ONNX file; its training is not known here." in card
    assert "If its training data included the events that it is evaluated on here" in card
    assert "Reasons are approximate (LIME)" in card
    assert "none of them was trained on" not in card
    assert "Imbalance" not in card


def test_it_scores_files_with_reasons(brought_version: Path, sample_csv: Path, tmp_path: Path) -> None:
    scored = call("score", sample_csv, "--version", brought_version, "--out", tmp_path / "r.csv", "--fresh")
    assert scored.exit_code == 0, scored.output
    with (tmp_path / "r.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))

    told = [row for row in rows if row["outcome"] != "approve"]
    assert told
    assert all(row["reason_1"] and row["reason_3"] for row in told)


def seal(sample_csv: Path, model: Path, out: Path) -> str:
    """Return the one sentence with which a model is refused."""
    result = call("seal", sample_csv, "--detector", SAMPLE_DETECTOR, "--model", model, "--out", out)
    assert result.exit_code == 1, result.output
    (said,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert not out.exists()
    return said


def test_a_network_whose_second_class_is_not_fraud_is_refused(
    sample_csv: Path, train_elsewhere: Fit, feature_table: FeatureTable, tmp_path: Path
) -> None:
    words = np.where(feature_table.labels == 1, "fraud", "legitimate")
    said = seal(sample_csv, train_elsewhere(network(), words), tmp_path / "out")

    assert "is no better than chance" in said
    assert "Fraud must be its second class (labels 0 and 1)" in said


def by_hand(feature_table: FeatureTable, nodes: list[onnx.NodeProto], path: Path) -> Path:
    """Write a model that answers the sigmoid of the amount's logarithm, ``u``, as ``nodes`` make ``p`` of it."""
    place = feature_table.names.index("amount_log")
    first = [
        helper.make_node("Constant", [], ["place"], value=helper.make_tensor("", TensorProto.INT64, [1], [place])),
        helper.make_node("Gather", ["x", "place"], ["given"], axis=1),
        helper.make_node("IsNaN", ["given"], ["lost"]),
        helper.make_node("Constant", [], ["zero"], value=helper.make_tensor("", TensorProto.FLOAT, [1], [0.0])),
        helper.make_node("Where", ["lost", "zero", "given"], ["m"]),
        helper.make_node("Sigmoid", ["m"], ["u"]),
    ]
    made = helper.make_graph(
        [*first, *nodes],
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, len(feature_table.names)])],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, None)],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        ([helper.make_node("Identity", ["m"], ["p"])], "which are not probabilities: export predict_proba"),
        (
            [helper.make_node("Sigmoid", ["given"], ["p"])],
            "events. A missing feature is NaN: include an imputer in the model before",
        ),
        (
            [helper.make_node("RandomUniformLike", ["u"], ["p"])],
            "gives different answers to the same events; remove its random operations.",
        ),
        (
            [
                helper.make_node("ReduceMean", ["u"], ["mean"], keepdims=0),
                helper.make_node("Mul", ["u", "mean"], ["p"]),
            ],
            "gives an event another answer alone than in a batch",
        ),
        ([helper.make_node("Mul", ["u", "zero"], ["p"])], "gives every event the same probability, 0."),
    ],
    ids=["a margin", "blind to what is missing", "random", "over the call", "always the same"],
)
def test_answers_that_are_no_answers_are_refused(
    nodes: list[onnx.NodeProto], says: str, sample_csv: Path, feature_table: FeatureTable, tmp_path: Path
) -> None:
    assert says in seal(sample_csv, by_hand(feature_table, nodes, tmp_path / "hand.onnx"), tmp_path / "out")


def test_payments_are_needed_to_judge_it(network_onnx: Path, tmp_path: Path) -> None:
    result = call("seal", "--detector", SAMPLE_DETECTOR, "--model", network_onnx, "--out", tmp_path / "out")

    assert result.exit_code == 2
    assert "--model needs DATA: labeled payments to evaluate the model on." in result.stderr


def test_features_go_to_tables_alone(sample_csv: Path, tmp_path: Path) -> None:
    result = call("features", sample_csv, "--detector", SAMPLE_DETECTOR, "--out", tmp_path / "f.xlsx")

    assert result.exit_code == 1
    assert f"Error: {tmp_path / 'f.xlsx'} must end with .parquet or .csv." in result.stderr
