from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tollgate.core.detectors.model import Model
from tollgate.core.features.feature import Matrix

from model_build.models.calibration import Calibration
from model_build.models.linear import Linear, export_linear, fit_linear
from model_build.models.registry import LINEAR_DEFAULTS
from model_build.models.resampling import Draw

ROWS = 20_000


def draw_table(*, wide: bool, missing: float) -> tuple[Matrix, npt.NDArray[np.int8]]:
    generator = np.random.default_rng(0)
    unit = generator.standard_normal((2 * ROWS, 8))
    labels = (generator.random(2 * ROWS) < 1 / (1 + np.exp(2 - unit[:, 0] - 2 * unit[:, 1]))).astype(np.int8)
    numbers = unit * 10.0 ** np.arange(-3, 5) + 10.0 ** np.arange(8) if wide else unit
    features: Matrix = numbers.astype(np.float32)
    features[generator.random(features.shape) < missing] = np.nan
    return features, labels


def fit(features: Matrix, labels: npt.NDArray[np.int8], draws: int = 1) -> Linear:
    """Fit to ``draws`` equal parts of the first ROWS events."""
    parts = np.array_split(np.arange(ROWS), draws)
    drawn = [Draw(features[part], labels[part]) for part in parts]
    return fit_linear(features[:ROWS], drawn, 0, LINEAR_DEFAULTS)


def difference(linear: Linear, rows: Matrix, calibration: Calibration | None = None) -> float:
    exported = Model(export_linear(linear, rows.shape[1], calibration)).predict(rows)
    return float(np.abs(exported - (calibration or Calibration(1.0, 0.0)).apply(linear.margin(rows))).max())


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_export_answers_as_the_library(wide: bool, missing: float) -> None:
    features, labels = draw_table(wide=wide, missing=missing)
    assert difference(fit(features, labels), features[ROWS:]) <= 1e-7


@pytest.mark.parametrize("wide", [False, True])
def test_regressions_on_several_draws_are_one_regression_when_exported(wide: bool) -> None:
    features, labels = draw_table(wide=wide, missing=0.3)
    linear = fit(features, labels, draws=4)
    assert len({regression.intercept_[0] for regression in linear.regressions}) == 4
    assert difference(linear, features[ROWS:]) <= 1e-7


def test_a_calibration_is_exported() -> None:
    features, labels = draw_table(wide=True, missing=0.3)
    linear = fit(features, labels)
    assert difference(linear, features[ROWS:], Calibration(0.4, -3.0)) <= 1e-7
    assert difference(linear, features[ROWS:]) <= 1e-7


def test_one_draw_of_everything_is_the_plain_pipeline() -> None:
    features, labels = draw_table(wide=True, missing=0.3)
    plain = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(**LINEAR_DEFAULTS))
    plain.fit(features[:ROWS].astype(np.float64), labels[:ROWS])
    rows = features[ROWS:]
    assert np.allclose(fit(features, labels).margin(rows), plain.decision_function(rows.astype(np.float64)), atol=1e-6)


def test_weights_of_events_count() -> None:
    features, labels = draw_table(wide=False, missing=0.0)
    weights = np.where(labels == 1, 5.0, 1.0)
    draws = [Draw(features, labels), Draw(features, labels, weights)]
    plain, weighted = (fit_linear(features, [draw], 0, LINEAR_DEFAULTS) for draw in draws)
    assert weighted.intercept > plain.intercept + 1


def test_a_model_that_never_saw_a_missing_value_scores_one_alike() -> None:
    features, labels = draw_table(wide=True, missing=0.0)
    rows = np.where(np.random.default_rng(1).random((ROWS, 8)) < 0.5, np.float32(np.nan), features[ROWS:])
    assert difference(fit(features, labels), rows) <= 1e-7


def test_a_feature_that_is_always_missing_and_one_that_never_changes_do_no_harm() -> None:
    features, labels = draw_table(wide=False, missing=0.1)
    features[:, 2], features[:, 3] = np.nan, 7.0
    linear = fit(features, labels)
    features[ROWS + 1, 2], features[ROWS + 1, 3] = 5.0, 8.0
    assert difference(linear, features[ROWS:]) <= 1e-7


def test_an_event_far_from_all_others_scores_alike() -> None:
    features, labels = draw_table(wide=True, missing=0.1)
    rows = np.random.default_rng(2).choice(np.array([3e38, -3e38, 0, 1e-45], dtype=np.float32), (1000, 8))
    assert difference(fit(features, labels), rows) <= 1e-7


def test_the_same_model_is_exported_to_the_same_bytes() -> None:
    features, labels = draw_table(wide=False, missing=0.1)
    assert len({export_linear(fit(features, labels), 8) for _ in range(2)}) == 1
