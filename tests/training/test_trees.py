from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import lightgbm
import numpy as np
import numpy.typing as npt
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier
from tollgate.core.detectors.model import Model
from tollgate.core.features.feature import Matrix

from model_build.models.calibration import Calibration
from model_build.models.registry import train_model
from model_build.onnx_export.tree_import import forest_trees, lightgbm_trees, xgboost_trees
from model_build.onnx_export.trees import Ensemble, Tree, average_ensembles, export_trees, fill_missing, forest_margin

ROWS = 20_000
LEARNT = 6_000
Labels = npt.NDArray[np.int8]


def draw_table(seed: int, missing: float, *, whole_numbers: bool = False) -> tuple[Matrix, Labels]:
    """Features (2 * ROWS, 12) float32, a share of them missing, and labels that depend on three of them."""
    generator = np.random.default_rng(seed)
    features: Matrix = (generator.standard_normal((2 * ROWS, 12)) * 10.0 ** np.arange(-4, 8)).astype(np.float32)
    if whole_numbers:
        features = generator.integers(-3, 4, features.shape).astype(np.float32)
    unit = (features / features.std(axis=0)).astype(np.float64)
    chance = 1 / (1 + np.exp(3 - 1.5 * unit[:, 0] - unit[:, 5] * unit[:, 11]))
    labels = (generator.random(2 * ROWS) < chance).astype(np.int8)
    features[generator.random(features.shape) < missing] = np.nan
    return features, labels


def with_missing_values(features: Matrix, share: float) -> Matrix:
    return np.where(np.random.default_rng(9).random(features.shape) < share, np.float32(np.nan), features)


def forest_difference(forest: RandomForestClassifier, rows: Matrix) -> float:
    exported = Model(export_trees(forest_trees(forest), rows.shape[1])).predict(rows)
    return float(np.abs(exported - forest.predict_proba(rows)[:, 1]).max())


def xgboost_difference(booster: xgboost.Booster, rows: Matrix) -> float:
    exported = Model(export_trees(xgboost_trees(booster), rows.shape[1])).predict(rows)
    return float(np.abs(exported - booster.inplace_predict(rows)).max())


def lightgbm_difference(booster: lightgbm.Booster, rows: Matrix) -> float:
    exported = Model(export_trees(lightgbm_trees(booster), rows.shape[1])).predict(rows)
    return float(np.abs(exported - booster.predict(rows, num_threads=1)).max())


def boost(features: Matrix, labels: Labels, rounds: int = 40, **parameters: float) -> xgboost.Booster:
    chosen = {"objective": "binary:logistic", "base_score": 0.5, "max_depth": 6, "nthread": 1} | parameters
    return xgboost.train(chosen, xgboost.QuantileDMatrix(features, labels, max_bin=256), rounds)


def lightly_boost(features: Matrix, labels: Labels, rounds: int = 40, **parameters: float) -> lightgbm.Booster:
    chosen = {"objective": "binary", "num_threads": 1, "verbosity": -1} | parameters
    return lightgbm.train(chosen, lightgbm.Dataset(features, labels, params=chosen), rounds)


def grow(features: Matrix, labels: Labels, **parameters: int) -> RandomForestClassifier:
    chosen = {"n_estimators": 20, "max_depth": 12, "n_jobs": 1, "random_state": 0} | parameters
    return RandomForestClassifier(**chosen).fit(features, labels)


@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("whole_numbers", [False, True])
def test_boosted_trees_answer_as_the_library(missing: float, whole_numbers: bool) -> None:
    features, labels = draw_table(1, missing, whole_numbers=whole_numbers)
    booster = boost(features[:LEARNT], labels[:LEARNT])
    assert xgboost_difference(booster, features[ROWS:]) <= 2e-7
    assert xgboost_difference(booster, with_missing_values(features[ROWS:], 0.5)) <= 2e-7


@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("whole_numbers", [False, True])
def test_lightgbm_answers_as_the_library(missing: float, whole_numbers: bool) -> None:
    features, labels = draw_table(1, missing, whole_numbers=whole_numbers)
    booster = lightly_boost(features[:LEARNT], labels[:LEARNT])
    assert lightgbm_difference(booster, features[ROWS:]) <= 5e-7
    # a tree that never saw a missing value takes one for zero
    assert lightgbm_difference(booster, with_missing_values(features[ROWS:], 0.5)) <= 5e-7


@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("whole_numbers", [False, True])
def test_a_forest_answers_as_the_library(missing: float, whole_numbers: bool) -> None:
    features, labels = draw_table(2, missing, whole_numbers=whole_numbers)
    forest = grow(features[:LEARNT], labels[:LEARNT])
    assert forest_difference(forest, features[ROWS:]) <= 1e-6
    # also what a forest that never saw a missing value says about one
    assert forest_difference(forest, with_missing_values(features[ROWS:], 0.5)) <= 1e-6


@pytest.mark.parametrize("kind", ["xgboost", "lightgbm", "random_forest"])
def test_a_model_as_training_fits_it_answers_as_the_library(kind: str) -> None:
    features, labels = draw_table(3, 0.2)
    fitted = train_model(kind, features[:3_000], labels[:3_000], 0)
    rows = features[ROWS:]
    assert np.abs(Model(fitted.export()).predict(rows) - fitted.predict(rows)).max() <= 1e-6


def test_trees_of_depth_one_answer_as_the_library() -> None:
    features, labels = draw_table(4, 0.3)
    assert forest_difference(grow(features, labels, max_depth=1), features) <= 1e-6
    assert xgboost_difference(boost(features, labels, max_depth=1), features) <= 2e-7
    assert lightgbm_difference(lightly_boost(features, labels, num_leaves=2), features) <= 5e-7


def test_trees_of_a_single_leaf_answer_as_the_library() -> None:
    features, labels = draw_table(5, 0.3)
    assert forest_difference(grow(features, labels, min_samples_leaf=len(labels)), features) <= 1e-6
    booster = boost(features, labels, rounds=5, gamma=1e9)
    assert all(len(tree.left) == 1 for tree in xgboost_trees(booster).trees)
    assert xgboost_difference(booster, features) <= 2e-7
    stump = lightly_boost(features, labels, min_data_in_leaf=len(labels))
    assert all(len(tree.left) == 1 for tree in lightgbm_trees(stump).trees)
    assert lightgbm_difference(stump, features) <= 5e-7


def test_trees_and_single_leaves_mix() -> None:
    features, labels = draw_table(6, 0.3)
    booster = boost(features, labels, rounds=60, gamma=60.0)
    sizes = {len(tree.left) for tree in xgboost_trees(booster).trees}
    assert 1 in sizes
    assert len(sizes) > 1
    assert xgboost_difference(booster, features) <= 2e-7


def test_values_at_and_next_to_a_threshold_go_where_the_library_sends_them() -> None:
    features, labels = draw_table(7, 0.1, whole_numbers=True)
    features = (features / np.float32(3)).astype(np.float32)
    forest, booster, light = grow(features, labels), boost(features, labels), lightly_boost(features, labels)
    differences: list[tuple[Ensemble, Callable[[Matrix], float]]] = [
        (forest_trees(forest), lambda rows: forest_difference(forest, rows)),
        (xgboost_trees(booster), lambda rows: xgboost_difference(booster, rows)),
        (lightgbm_trees(light), lambda rows: lightgbm_difference(light, rows)),
    ]
    for ensemble, difference in differences:
        # "Below infinity" is how a boosted tree asks whether there is a value at all.
        thresholds = np.unique(np.concatenate([tree.threshold[tree.left >= 0] for tree in ensemble.trees]))
        thresholds = thresholds[np.isfinite(thresholds)]
        near = np.concatenate(
            [thresholds, np.nextafter(thresholds, np.float32(-np.inf)), np.nextafter(thresholds, np.float32(np.inf))]
        )
        rows = np.random.default_rng(0).choice(near, (20_000, features.shape[1])).astype(np.float32)
        assert difference(rows) <= 1e-6


def test_a_forest_threshold_that_float32_cannot_hold_is_rounded_down() -> None:
    # Halfway between two neighbors among float32, so a threshold that rounds to either.
    low = np.float32(1000.0)
    high = np.nextafter(low, np.float32(2000.0))
    features = np.array([[low], [high]] * 50, dtype=np.float32)
    labels = np.array([0, 1] * 50, dtype=np.int8)
    forest = grow(features, labels, n_estimators=10, max_depth=1)
    assert forest.estimators_[0].tree_.threshold[0] not in (float(low), float(high))
    assert Model(export_trees(forest_trees(forest), 1)).predict(features[:2]).tolist() == pytest.approx([0.0, 1.0])


def test_lightgbm_thresholds_between_neighbors_among_float32_part_them() -> None:
    # LightGBM puts a threshold right above the lower value, in float64: in float32 it would round to either.
    low = np.float32(1000.0)
    high = np.nextafter(low, np.float32(2000.0))
    features = np.array([[low], [high]] * 50, dtype=np.float32)
    booster = lightly_boost(features, np.array([0, 1] * 50, dtype=np.int8), rounds=5, min_data_in_bin=1)
    (first, *_) = lightgbm_trees(booster).trees
    assert first.threshold[0] == low
    assert lightgbm_difference(booster, features) <= 5e-7
    below, above = Model(export_trees(lightgbm_trees(booster), 1)).predict(features[:2])
    assert above - below > 0.1


def test_lightgbm_takes_what_is_next_to_zero_for_zero() -> None:
    generator = np.random.default_rng(0)
    features = generator.choice(np.array([-2, -1, 0, 1, 2], dtype=np.float32), (4_000, 3))
    labels = (generator.random(4_000) < np.where(features[:, 0] == 0, 0.6, 0.2 + 0.1 * (features[:, 1] > 0))).astype(
        np.int8
    )
    booster = lightly_boost(features, labels)
    edge = np.float32(1e-35)
    thresholds = np.concatenate([tree.threshold[tree.left >= 0] for tree in lightgbm_trees(booster).trees])
    assert {edge, np.nextafter(-edge, np.float32(-1))} <= set(thresholds.tolist())
    near = np.array([0, 1e-45, edge, np.nextafter(edge, np.float32(1)), np.nextafter(edge, np.float32(0))], np.float32)
    rows = generator.choice(np.concatenate([near, -near]), (2_000, 3)).astype(np.float32)
    assert lightgbm_difference(booster, rows) <= 5e-7


def test_lightgbm_trees_with_categorical_splits_are_refused() -> None:
    features, labels = draw_table(12, 0.0, whole_numbers=True)
    features += 3
    data = lightgbm.Dataset(features[:LEARNT], labels[:LEARNT], categorical_feature=[0, 5, 11])
    booster = lightgbm.train({"objective": "binary", "num_threads": 1, "verbosity": -1}, data, 3)
    with pytest.raises(ValueError, match="categorical"):
        lightgbm_trees(booster)


def test_a_base_score_of_its_own_is_part_of_the_export() -> None:
    features, labels = draw_table(13, 0.2)
    assert xgboost_difference(boost(features[:LEARNT], labels[:LEARNT], base_score=0.1), features[ROWS:]) <= 2e-7


def test_numbers_as_far_as_float32_goes_find_their_leaf() -> None:
    features, labels = draw_table(8, 0.1)
    extremes = np.array([0.0, -0.0, 1e-45, -1e-45, 1e33, -1e33], dtype=np.float32)
    rows = np.random.default_rng(0).choice(extremes, (5_000, features.shape[1])).astype(np.float32)
    assert forest_difference(grow(features, labels), rows) <= 1e-6
    assert xgboost_difference(boost(features, labels), rows) <= 2e-7
    assert lightgbm_difference(lightly_boost(features, labels), rows) <= 5e-7


@pytest.mark.parametrize(("mode", "expected"), [("BRANCH_LT", [1.0, 2.0, 2.0]), ("BRANCH_LEQ", [1.0, 1.0, 2.0])])
def test_the_mode_says_where_a_value_at_the_threshold_goes(mode: str, expected: list[float]) -> None:
    tree = _stump(missing_left=False)
    ensemble = Ensemble([tree], "BRANCH_LT" if mode == "BRANCH_LT" else "BRANCH_LEQ", logistic=False)
    rows = np.array([[4.0], [5.0], [6.0]], dtype=np.float32)
    assert Model(export_trees(ensemble, 1)).predict(rows).tolist() == expected


@pytest.mark.parametrize("left", [True, False])
def test_a_missing_value_goes_where_the_tree_says(left: bool) -> None:
    ensemble = Ensemble([_stump(missing_left=left)], "BRANCH_LT", logistic=False)
    answer = Model(export_trees(ensemble, 1)).predict(np.array([[np.nan]], dtype=np.float32))
    assert answer.tolist() == [1.0 if left else 2.0]


def test_leaves_add_up_to_a_log_odds_where_the_ensemble_is_logistic() -> None:
    stump = _stump(missing_left=True)
    ensemble = Ensemble([stump, replace(stump, value=stump.value * 2)], "BRANCH_LT", logistic=True)
    answer = Model(export_trees(ensemble, 1)).predict(np.array([[0.0]], dtype=np.float32))
    assert answer.tolist() == pytest.approx([1 / (1 + np.exp(-3.0))], abs=1e-7)


def test_ensembles_are_averaged_in_log_odds() -> None:
    features, labels = draw_table(14, 0.2)
    boosters = [boost(features[:LEARNT], labels[:LEARNT], seed=seed, subsample=0.5) for seed in range(3)]
    average = Model(export_trees(average_ensembles([xgboost_trees(booster) for booster in boosters]), 12))
    margins = [booster.inplace_predict(features[ROWS:], predict_type="margin") for booster in boosters]
    expected = 1 / (1 + np.exp(-np.mean(margins, axis=0)))
    assert np.abs(average.predict(features[ROWS:]) - expected).max() <= 5e-7
    assert np.abs(margins[0] - margins[1]).max() > 0.1


@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("kind", ["xgboost", "lightgbm", "random_forest"])
def test_missing_values_can_be_filled_within_the_trees(kind: str, missing: float) -> None:
    features, labels = draw_table(15, missing, whole_numbers=True)
    models: dict[str, Callable[[], Ensemble]] = {
        "xgboost": lambda: xgboost_trees(boost(features[:LEARNT], labels[:LEARNT])),
        "lightgbm": lambda: lightgbm_trees(lightly_boost(features[:LEARNT], labels[:LEARNT])),
        "random_forest": lambda: forest_trees(grow(features[:LEARNT], labels[:LEARNT])),
    }
    ensemble = models[kind]()
    # 0 is a value of these features and 0.5 none: thresholds lie at and around both.
    stand_in = np.where(np.arange(12) % 2, np.float32(0), np.float32(0.5)).astype(np.float32)
    rows = with_missing_values(features[ROWS:], 0.3)
    filled = Model(export_trees(fill_missing(ensemble, stand_in), 12)).predict(rows)
    assert np.array_equal(filled, Model(export_trees(ensemble, 12)).predict(np.where(np.isnan(rows), stand_in, rows)))


@pytest.mark.parametrize("slope", [0.2, 1.0, 3.0])
def test_a_calibrated_forest_answers_as_its_log_odds_say(slope: float) -> None:
    features, _ = draw_table(16, 0.2)
    labels = (np.nan_to_num(features[:, 5]) + np.nan_to_num(features[:, 4]) > 10).astype(np.int8)
    forest = grow(features[:LEARNT], labels[:LEARNT])
    legitimate, fraud = forest.predict_proba(features).T
    assert fraud.min() == 0.0
    assert fraud.max() == 1.0
    # The steepest part of the sigmoid is put where the forest is surest: there a lost digit shows most.
    margins = forest_margin(fraud, legitimate)
    calibration = Calibration(slope, -slope * float(np.max(margins)))
    expected = calibration.apply(margins)
    exported = Model(export_trees(forest_trees(forest), 12, calibration)).predict(features)
    assert np.abs(exported - expected).max() <= 1e-6


def test_a_calibrated_log_odds_is_moved_before_the_sigmoid() -> None:
    ensemble = Ensemble([_stump(missing_left=True)], "BRANCH_LT", logistic=True)
    rows = np.array([[0.0], [9.0]], dtype=np.float32)
    answer = Model(export_trees(ensemble, 1, Calibration(0.5, -2.0))).predict(rows)
    assert answer.tolist() == pytest.approx([1 / (1 + np.exp(1.5)), 1 / (1 + np.exp(1.0))], abs=1e-7)


@pytest.mark.parametrize(
    "export",
    [
        lambda features, labels: forest_trees(grow(features, labels)),
        lambda features, labels: xgboost_trees(boost(features, labels)),
        lambda features, labels: lightgbm_trees(lightly_boost(features, labels)),
    ],
    ids=["forest", "xgboost", "lightgbm"],
)
def test_the_same_model_is_exported_to_the_same_bytes(export: Callable[[Matrix, Labels], Ensemble]) -> None:
    features, labels = draw_table(10, 0.1)
    first, second = (export_trees(export(features[:5000], labels[:5000]), 12) for _ in range(2))
    assert first == second


def _stump(*, missing_left: bool) -> Tree:
    return Tree(
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        feature=np.array([0, 0, 0]),
        threshold=np.array([5, 0, 0], dtype=np.float32),
        missing_left=np.array([missing_left, False, False]),
        value=np.array([0.0, 1.0, 2.0]),
        cover=np.array([4.0, 3.0, 1.0]),
    )
