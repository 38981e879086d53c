from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score
from tollgate.core.detectors.model import Model
from tollgate.core.features.feature import Matrix
from tollgate.errors import TrainingDataError

from model_build.detector_file import training
from model_build.models.calibration import brier_score
from model_build.models.registry import IMBALANCE, MODEL_KINDS, TrainedModel, train_model
from model_build.onnx_export.parity import MAX_DIFFERENCE, check_parity

pytestmark = pytest.mark.long

Labels = npt.NDArray[np.int8]
FEATURES = 8
MOVING = [name for name in IMBALANCE if name != "none"]
# Few and small trees: what is tested here does not depend on how good they are.
QUICK = {
    "logistic_regression": {},
    "random_forest": {"rounds": 30, "max_depth": 8},
    "xgboost": {"rounds": 30, "max_depth": 4, "max_bin": 256},
    "lightgbm": {"rounds": 60, "num_leaves": 15, "max_bin": 255},
}


def draw_table(seed: int, count: int) -> tuple[Matrix, Labels]:
    """Features (n, 8) of different scales, a fifth missing, some of them where fraud is; 3 % of labels are fraud."""
    generator = np.random.default_rng(seed)
    unit = generator.standard_normal((count, FEATURES))
    chance = 1 / (1 + np.exp(5 - 1.5 * unit[:, 0] - unit[:, 1] - 0.7 * unit[:, 2] * unit[:, 3]))
    labels = (generator.random(count) < chance).astype(np.int8)
    features: Matrix = (unit * 10.0 ** np.arange(-2, FEATURES - 2)).astype(np.float32)
    features[generator.random(features.shape) < 0.2] = np.nan
    return features, labels


@pytest.fixture(scope="module")
def learned() -> tuple[Matrix, Labels]:
    return draw_table(0, 6_000)


@pytest.fixture(scope="module")
def later() -> tuple[Matrix, Labels]:
    return draw_table(1, 8_000)


@pytest.fixture(scope="module")
def latest() -> tuple[Matrix, Labels]:
    return draw_table(2, 12_000)


def fit(kind: str, table: tuple[Matrix, Labels], seed: int = 0, **choices: object) -> TrainedModel:
    parameters = {**QUICK[kind], **choices.pop("parameters", {})}  # type: ignore[dict-item]
    return train_model(kind, *table, seed, parameters=parameters, **choices)  # type: ignore[arg-type]


def test_the_detector_file_knows_the_same_models() -> None:
    assert tuple(MODEL_KINDS) == training.MODELS


@pytest.mark.parametrize("kind", MODEL_KINDS)
@pytest.mark.parametrize("imbalance", IMBALANCE)
def test_every_model_under_every_strategy_is_exported_alike_and_calibrated(
    kind: str,
    imbalance: str,
    learned: tuple[Matrix, Labels],
    later: tuple[Matrix, Labels],
    latest: tuple[Matrix, Labels],
) -> None:
    raw = fit(kind, learned, imbalance=imbalance)
    fitted = fit(kind, learned, imbalance=imbalance, calibrate_on=later)
    rows, labels = latest
    assert np.isnan(rows).any()
    assert check_parity(fitted, fitted.export(), rows) <= MAX_DIFFERENCE
    assert check_parity(raw, raw.export(), rows) <= MAX_DIFFERENCE
    before, after = raw.predict(rows), fitted.predict(rows)
    if imbalance == "none":
        # Moved only where that helps; few events leave open how much.
        assert fitted.calibration is None or abs(after.mean() / labels.mean() - 1) < 0.25
        assert roc_auc_score(labels, after) == pytest.approx(roc_auc_score(labels, before), abs=1e-9)
        return
    # A fifth is what the count of frauds in the two parts leaves open.
    assert before.mean() > 1.2 * labels.mean()
    assert after.mean() == pytest.approx(labels.mean(), rel=0.2)
    assert brier_score(labels, after) < brier_score(labels, before)
    assert average_precision_score(labels, after) == pytest.approx(average_precision_score(labels, before), abs=1e-9)
    assert roc_auc_score(labels, after) == pytest.approx(roc_auc_score(labels, before), abs=1e-9)
    assert average_precision_score(labels, after) > 2 * labels.mean()


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_smote_alone_moves_the_mean_probability(
    kind: str, learned: tuple[Matrix, Labels], latest: tuple[Matrix, Labels]
) -> None:
    plain, smote = fit(kind, learned), fit(kind, learned, imbalance="smote")
    assert smote.predict(latest[0]).mean() > 1.5 * plain.predict(latest[0]).mean()


@pytest.mark.parametrize("kind", MODEL_KINDS)
@pytest.mark.parametrize("imbalance", IMBALANCE)
def test_gains_are_shares_and_find_what_tells(kind: str, imbalance: str, learned: tuple[Matrix, Labels]) -> None:
    gain = fit(kind, learned, imbalance=imbalance).gain
    assert gain.shape == (FEATURES,)
    assert np.all(gain >= 0)
    assert gain.sum() == pytest.approx(1)
    assert np.argmax(gain) == 0


@pytest.mark.parametrize("kind", MODEL_KINDS)
@pytest.mark.parametrize("imbalance", IMBALANCE)
def test_the_same_seed_gives_the_same_bytes(
    kind: str, imbalance: str, learned: tuple[Matrix, Labels], later: tuple[Matrix, Labels]
) -> None:
    few = learned[0][:2_000], learned[1][:2_000]
    once, again = (fit(kind, few, 2**32 - 1, imbalance=imbalance, calibrate_on=later).export() for _ in range(2))
    assert once == again


@pytest.mark.parametrize("kind", ["random_forest", "xgboost", "lightgbm"])
def test_another_seed_gives_another_model(kind: str, learned: tuple[Matrix, Labels]) -> None:
    assert fit(kind, learned, 0).export() != fit(kind, learned, 1).export()


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_a_title_names_model_and_strategy(kind: str, learned: tuple[Matrix, Labels]) -> None:
    few = learned[0][:1_000], learned[1][:1_000]
    assert fit(kind, few).title == MODEL_KINDS[kind].title
    fitted = fit(kind, few, imbalance="class_weights")
    assert fitted.title == f"{MODEL_KINDS[kind].title}, class weights"
    assert (fitted.kind, fitted.imbalance) == (kind, "class_weights")
    assert fitted.train_s is not None
    assert fitted.train_s > 0


@pytest.mark.parametrize("kind", ["xgboost", "lightgbm"])
def test_bags_are_copies_with_other_seeds_averaged_in_log_odds(
    kind: str, learned: tuple[Matrix, Labels], latest: tuple[Matrix, Labels]
) -> None:
    bagged = fit(kind, learned, 5, parameters={"bags": 3})
    singles = [fit(kind, learned, seed).predict(latest[0]) for seed in (5, 6, 7)]
    margins = [np.log(single) - np.log1p(-single) for single in singles]
    assert np.allclose(bagged.predict(latest[0]), 1 / (1 + np.exp(-np.mean(margins, axis=0))), atol=1e-7)
    assert not np.allclose(singles[0], singles[1], atol=1e-3)
    assert count_trees(bagged) == 3 * QUICK[kind]["rounds"]
    assert check_parity(bagged, bagged.export(), latest[0]) <= MAX_DIFFERENCE


@pytest.mark.parametrize(("kind", "rounds"), [("random_forest", 7), ("xgboost", 9), ("lightgbm", 11)])
def test_rounds_is_the_number_of_trees(kind: str, rounds: int, learned: tuple[Matrix, Labels]) -> None:
    assert count_trees(fit(kind, learned, parameters={"rounds": rounds})) == rounds
    balanced = fit(kind, learned, imbalance="balanced_ensemble", parameters={"rounds": rounds})
    assert count_trees(balanced) == (rounds if kind == "random_forest" else 5 * rounds)


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("logistic_regression", {"C": 1e-4}),
        ("random_forest", {"max_depth": 1}),
        ("xgboost", {"max_depth": 1}),
        ("lightgbm", {"num_leaves": 2}),
    ],
)
def test_parameters_override_the_defaults(
    kind: str, parameters: dict[str, float], learned: tuple[Matrix, Labels], latest: tuple[Matrix, Labels]
) -> None:
    plain, changed = fit(kind, learned), fit(kind, learned, parameters=parameters)
    assert changed.predict(latest[0]).std() < plain.predict(latest[0]).std()
    assert changed.parameters == {**MODEL_KINDS[kind].defaults, **QUICK[kind], **parameters}


def test_few_bins_tell_apart_what_is_rare_where_frauds_are() -> None:
    random = np.random.default_rng(5)
    features = random.uniform(size=(50_000, 1)).astype(np.float32)
    labels = (features[:, 0] > 0.999).astype(np.int8)
    fitted = train_model("xgboost", features, labels, 0, parameters={"max_bin": 8, "rounds": 20})
    # Of eight bins of equal numbers, the last would hold 1 fraud in 125.
    assert average_precision_score(labels, fitted.predict(features)) > 0.5


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_a_filled_model_scores_a_missing_value_as_the_median(kind: str, learned: tuple[Matrix, Labels]) -> None:
    fitted = fit(kind, learned, imbalance="smote")
    rows = learned[0][:500]
    filled = np.where(np.isnan(rows), np.nanmedian(learned[0], axis=0).astype(np.float32), rows)
    model = Model(fitted.export())
    assert np.allclose(model.predict(rows), model.predict(filled), atol=1e-7)


@pytest.mark.parametrize("kind", MODEL_KINDS)
def test_no_sampler_reaches_the_export(kind: str, learned: tuple[Matrix, Labels], later: tuple[Matrix, Labels]) -> None:
    plain = {node.op_type for node in onnx.load_from_string(fit(kind, learned).export()).graph.node}
    line = {"Add", "Cast", "Log", "MatMul", "Mul", "Sigmoid"}
    for imbalance in MOVING:
        exported = fit(kind, learned, imbalance=imbalance, calibrate_on=later).export()
        assert {node.op_type for node in onnx.load_from_string(exported).graph.node} <= plain | line


@pytest.mark.parametrize("imbalance", MOVING)
def test_later_events_of_one_kind_cannot_calibrate(imbalance: str, learned: tuple[Matrix, Labels]) -> None:
    legitimate = learned[0][:50], np.zeros(50, dtype=np.int8)
    with pytest.raises(TrainingDataError, match="Cannot calibrate probabilities on 0 frauds and 50 legitimate events"):
        fit("logistic_regression", learned, imbalance=imbalance, calibrate_on=legitimate)


def test_training_data_of_one_kind_is_refused(learned: tuple[Matrix, Labels]) -> None:
    with pytest.raises(TrainingDataError, match="0 frauds among 6000 events"):
        fit("xgboost", (learned[0], np.zeros(6_000, dtype=np.int8)))


def count_trees(fitted: TrainedModel) -> int:
    (node,) = (n for n in onnx.load_from_string(fitted.export()).graph.node if n.op_type == "TreeEnsembleRegressor")
    (ids,) = (attribute.ints for attribute in node.attribute if attribute.name == "nodes_treeids")
    return len(set(ids))
