"""Exact reasons against the libraries' own, against shap, and against Shapley's definition."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.ensemble import RandomForestClassifier
from tollgate.core.events.event import Floats
from tollgate.core.explanations.archive import read_explainer, write_explainer
from tollgate.core.explanations.explainer import Explainer, TreeReasons, share_margin
from tollgate.core.explanations.tree_quadrature import DeepTrees
from tollgate.core.explanations.tree_tables import Tables
from tollgate.core.features.feature import Matrix

from model_build.explanations import table_plan
from model_build.explanations.build import ModelForm, build_explainer
from model_build.explanations.tables import cover_games, shapley_values
from model_build.models.calibration import Calibration
from model_build.models.linear import fit_linear
from model_build.models.resampling import Draw
from model_build.onnx_export.tree_import import forest_trees, lightgbm_trees, xgboost_trees
from tests.training.test_trees import ROWS, boost, draw_table, grow, lightly_boost, with_missing_values

WIDTH = 12
EXPLAINED = 200


def parts_of(explainer: Explainer) -> set[type]:
    return {type(part) for trees in explainer.parts if isinstance(trees, TreeReasons) for part in trees.parts}


def xgboost_difference(booster: xgboost.Booster, rows: Matrix) -> float:
    expected = booster.predict(xgboost.DMatrix(rows), pred_contribs=True)
    found = build_explainer(xgboost_trees(booster), WIDTH, None).explain(rows)
    return float(max(np.abs(found.values - expected[:, :-1]).max(), abs(found.base - expected[0, -1])))


def lightgbm_difference(booster: lightgbm.Booster, rows: Matrix) -> float:
    expected = booster.predict(rows, pred_contrib=True, num_threads=1)
    found = build_explainer(lightgbm_trees(booster), WIDTH, None).explain(rows)
    return float(max(np.abs(found.values - expected[:, :-1]).max(), abs(found.base - expected[0, -1])))


@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("whole_numbers", [False, True])
def test_reasons_are_those_of_xgboost(missing: float, whole_numbers: bool) -> None:
    features, labels = draw_table(1, missing, whole_numbers=whole_numbers)
    rows = features[ROWS : ROWS + EXPLAINED]
    booster = boost(features[:6000], labels[:6000])
    assert xgboost_difference(booster, rows) <= 1e-5
    assert xgboost_difference(booster, with_missing_values(rows, 0.5)) <= 1e-5
    assert xgboost_difference(boost(features[:6000], labels[:6000], max_depth=9, base_score=0.1), rows) <= 1e-5


@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("whole_numbers", [False, True])
def test_reasons_are_those_of_lightgbm(missing: float, whole_numbers: bool) -> None:
    features, labels = draw_table(1, missing, whole_numbers=whole_numbers)
    rows = features[ROWS : ROWS + EXPLAINED]
    booster = lightly_boost(features[:6000], labels[:6000])
    assert lightgbm_difference(booster, rows) <= 1e-5
    assert lightgbm_difference(booster, with_missing_values(rows, 0.5)) <= 1e-5
    assert lightgbm_difference(lightly_boost(features[:6000], labels[:6000], num_leaves=120), rows) <= 1e-5


def to_shares(explainer: Explainer, rows: Matrix) -> Floats:
    """Contributions to a forest's share of trees, before they become log-odds."""
    return replace(explainer, of_shares=False).explain(rows).values


@pytest.mark.parametrize("depth", [5, 14])
def test_reasons_of_a_forest_are_those_of_shap(depth: int) -> None:
    shap = pytest.importorskip("shap", reason="shap has no wheels for this Python")
    features, labels = draw_table(2, 0.0)
    forest = grow(features[:6000], labels[:6000], max_depth=depth)
    rows = features[ROWS : ROWS + 20]
    explainer = build_explainer(forest_trees(forest), WIDTH, None)
    assert parts_of(explainer) == ({DeepTrees} if depth == 14 else {Tables})
    expected = shap.TreeExplainer(forest, feature_perturbation="tree_path_dependent").shap_values(rows)[:, :, 1]
    assert np.abs(to_shares(explainer, rows) - expected).max() <= 1e-6


def test_the_deep_way_says_what_the_tables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    features, labels = draw_table(4, 0.3)
    ensemble = lightgbm_trees(lightly_boost(features[:6000], labels[:6000]))
    rows = features[ROWS : ROWS + EXPLAINED]
    tabled = build_explainer(ensemble, WIDTH, None)
    monkeypatch.setattr(table_plan, "MAX_TABLE_BYTES", 0)
    deep = build_explainer(ensemble, WIDTH, None)
    assert parts_of(tabled) >= {Tables}
    assert parts_of(deep) == {DeepTrees}
    assert deep.base == pytest.approx(tabled.base, abs=1e-9)
    assert np.abs(deep.explain(rows).values - tabled.explain(rows).values).max() <= 1e-6


@pytest.mark.parametrize("share_missing", [0.0, 0.4])
def test_reasons_of_a_forest_add_up_in_log_odds(share_missing: float) -> None:
    features, labels = draw_table(5, share_missing)
    forest = grow(features[:6000], labels[:6000])
    rows = with_missing_values(features[ROWS : ROWS + EXPLAINED], share_missing)
    explainer = build_explainer(forest_trees(forest), WIDTH, Calibration(1.5, -2.0))
    found = explainer.explain(rows)
    expected = 1.5 * share_margin(forest.predict_proba(rows)[:, 1]) - 2.0
    assert np.abs(found.margins - expected).max() <= 1e-5
    shares = to_shares(explainer, rows)
    told = np.abs(shares) > 1e-12
    assert np.array_equal(np.sign(found.values)[told], np.sign(shares)[told])


def test_an_event_at_the_base_of_a_forest_has_finite_reasons() -> None:
    features, labels = draw_table(5, 0.0)
    single = forest_trees(RandomForestClassifier(5, min_samples_leaf=len(labels)).fit(features, labels))
    found = build_explainer(single, WIDTH, None).explain(features[:3])
    assert not found.values.any()
    assert found.margins == pytest.approx(share_margin(np.full(3, labels.mean())), abs=0.05)


def test_reasons_of_a_regression_are_weight_times_distance() -> None:
    features, labels = draw_table(6, 0.2)
    linear = fit_linear(features[:6000], [Draw(features[:6000], labels[:6000])], 0, {"C": 1.0, "max_iter": 1000})
    rows = features[ROWS : ROWS + EXPLAINED]
    calibration = Calibration(0.5, 1.0)
    found = build_explainer(linear, WIDTH, calibration).explain(rows)
    assert np.abs(found.margins - (0.5 * linear.margin(rows) + 1.0)).max() <= 1e-9
    _, scaler = (step for _, step in linear.preparation.steps)
    here = np.flatnonzero(~np.isnan(rows[:, 3]))
    one, other = here[:2]
    gap = 0.5 * linear.weights[3] / scaler.scale_[3] * (float(rows[one, 3]) - float(rows[other, 3]))
    assert found.values[one, 3] - found.values[other, 3] == pytest.approx(gap)


def by_definition(value: Callable[[set[int]], float], m: int) -> list[float]:
    """Shapley's values, as he defined them, of a game of m players: `value` maps a set of players to a number."""
    totals = []
    for player in range(m):
        others = [other for other in range(m) if other != player]
        totals.append(
            sum(
                math.factorial(size)
                * math.factorial(m - size - 1)
                / math.factorial(m)
                * (value({*team, player}) - value(set(team)))
                for size in range(m)
                for team in itertools.combinations(others, size)
            )
        )
    return totals


def test_values_of_a_leaf_are_shapleys() -> None:
    m, generator = 4, np.random.default_rng(0)
    shares = generator.random((3, m))
    along_cover = shapley_values(cover_games(shares))
    for leaf, pattern in itertools.product(range(3), range(1 << m)):

        def follow_cover(known: set[int], leaf: int = leaf, pattern: int = pattern) -> float:
            return math.prod(float(pattern >> i & 1) if i in known else shares[leaf, i] for i in range(m))

        assert along_cover[leaf, pattern] == pytest.approx(by_definition(follow_cover, m))


def test_trees_of_depth_one_and_single_leaves_have_reasons() -> None:
    features, labels = draw_table(7, 0.3)
    rows = features[ROWS : ROWS + EXPLAINED]
    assert xgboost_difference(boost(features, labels, max_depth=1), rows) <= 1e-5
    assert xgboost_difference(boost(features, labels, rounds=60, gamma=60.0), rows) <= 1e-5
    assert xgboost_difference(boost(features, labels, rounds=3, gamma=1e9), rows) <= 1e-5


def test_each_row_gets_the_same_reasons_alone_and_among_others() -> None:
    features, labels = draw_table(8, 0.2)
    explainer = build_explainer(xgboost_trees(boost(features[:6000], labels[:6000])), WIDTH, None)
    together = explainer.explain(features[:100]).values
    alone = np.concatenate([explainer.explain(features[row : row + 1]).values for row in range(100)])
    assert np.array_equal(together, alone)


@pytest.mark.parametrize("kind", ["boosted", "forest", "linear"])
def test_what_is_written_is_read_again(kind: str) -> None:
    features, labels = draw_table(9, 0.2)
    learned, taught = features[:3000], labels[:3000]
    form: ModelForm = fit_linear(learned, [Draw(learned, taught)], 0, {"max_iter": 1000})
    if kind == "forest":
        form = forest_trees(grow(learned, taught))
    if kind == "boosted":
        form = lightgbm_trees(lightly_boost(learned, taught, num_leaves=60))
    explainer = build_explainer(form, WIDTH, Calibration(1.1, 0.2))
    content = write_explainer(explainer)
    again = read_explainer(content)
    assert isinstance(again, Explainer)
    assert np.array_equal(again.explain(features[:50]).values, explainer.explain(features[:50]).values)
    assert again.explain(features[:1]).base == explainer.explain(features[:1]).base
    assert write_explainer(again) == content
