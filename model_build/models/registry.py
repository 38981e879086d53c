"""Registry of model kinds, and training of one under a strategy against class imbalance."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from tollgate.core.events.event import Floats
from tollgate.core.features.feature import Matrix

from model_build.models.calibration import Calibration, fit_calibration, fit_if_better
from model_build.models.fitted import Parameters, UncalibratedModel, to_probabilities, to_shares
from model_build.models.linear import export_linear, fit_linear
from model_build.models.resampling import IMBALANCE, Labels, Sample, draw_sample
from model_build.models.tree_models import fit_balanced_forest, fit_forest, fit_lightgbm, fit_xgboost

__all__ = [
    "FOREST_DEFAULTS",
    "IMBALANCE",
    "LIGHTGBM_DEFAULTS",
    "LINEAR_DEFAULTS",
    "MODEL_KINDS",
    "XGBOOST_DEFAULTS",
    "Labels",
    "ModelKind",
    "TrainedModel",
    "train_model",
]

# "rounds" is the number of trees, "bags" how many copies with other seeds are averaged; the rest is the library's own.
LINEAR_DEFAULTS: Parameters = {"C": 1.0, "max_iter": 1000}
FOREST_DEFAULTS: Parameters = {
    "rounds": 100,
    "max_depth": 14,
    "min_samples_leaf": 3,
    # A tree draws at most this many events: more only cost time and size.
    "max_samples": 100_000,
}
XGBOOST_DEFAULTS: Parameters = {
    "rounds": 200,
    "bags": 1,
    # The default of xgboost 3.2 costs average precision on rare frauds.
    "base_score": 0.5,
    "max_bin": 256,
    "max_depth": 6,
    "eta": 0.1,
    "min_child_weight": 1,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
}
LIGHTGBM_DEFAULTS: Parameters = {
    "rounds": 200,
    "bags": 1,
    "max_bin": 1023,
    "num_leaves": 31,
    "learning_rate": 0.03,
    "min_data_in_leaf": 20,
    "min_sum_hessian_in_leaf": 1.0,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.6,
}


@dataclass(frozen=True)
class TrainedModel:
    """A trained model: ``predict`` gives the probability of fraud, shape (n,); ``export`` its ONNX form.

    ``gain`` has shape (f,) and is the importance of each feature, in shares of 1: of the total gain of splits
    (boosted trees), of the decrease in impurity (forest), of the absolute standardized weights (regression), or of how
    far it moves the log-odds (a model that was imported). All are 0 in a model that found nothing to split on.
    ``parameters`` are those it was fitted with, defaults included. ``uncalibrated`` is the model before
    ``calibration``, which is None where nothing moved its probabilities. For a model that was imported, ``train_s`` is
    None, and ``external_sha256`` is the hash of its file.
    """

    kind: str
    imbalance: str
    title: str
    train_s: float | None
    predict: Callable[[Matrix], Floats]
    export: Callable[[], bytes]
    gain: Floats
    parameters: Parameters
    uncalibrated: UncalibratedModel
    calibration: Calibration | None
    external_sha256: str | None = None

    def margin(self, rows: Matrix) -> Floats:
        """Return the calibrated log-odds of fraud, shape (n,), for features (n, f)."""
        margins = self.uncalibrated.margin(rows)
        return margins if self.calibration is None else self.calibration.slope * margins + self.calibration.intercept


@dataclass(frozen=True)
class ModelKind:
    """A kind of model: its display name, default parameters, and how to fit it to features, a sample and a seed.

    ``fit_balanced`` is for a model that draws balanced samples by itself.
    """

    title: str
    defaults: Parameters
    fit: Callable[[Matrix, Sample, Parameters, int], UncalibratedModel]
    fit_balanced: Callable[[Matrix, Sample, Parameters, int], UncalibratedModel] | None = None


def _fit_linear(features: Matrix, sample: Sample, parameters: Parameters, seed: int) -> UncalibratedModel:
    linear = fit_linear(features, sample.draws, seed, parameters)
    return UncalibratedModel(
        linear.margin,
        lambda rows: to_probabilities(linear.margin(rows)),
        lambda calibration: export_linear(linear, features.shape[1], calibration),
        to_shares(np.abs(linear.weights)),
        lambda: linear,
    )


MODEL_KINDS: Mapping[str, ModelKind] = {
    "logistic_regression": ModelKind("Logistic regression", LINEAR_DEFAULTS, _fit_linear),
    "random_forest": ModelKind(
        "Random forest",
        FOREST_DEFAULTS,
        lambda _, sample, parameters, seed: fit_forest(sample, parameters, seed),
        lambda _, sample, parameters, seed: fit_balanced_forest(sample, parameters, seed),
    ),
    "xgboost": ModelKind(
        "XGBoost", XGBOOST_DEFAULTS, lambda _, sample, parameters, seed: fit_xgboost(sample, parameters, seed)
    ),
    "lightgbm": ModelKind(
        "LightGBM", LIGHTGBM_DEFAULTS, lambda _, sample, parameters, seed: fit_lightgbm(sample, parameters, seed)
    ),
}


def train_model(
    kind: str,
    features: Matrix,
    labels: Labels,
    seed: int,
    *,
    imbalance: str = "none",
    parameters: Parameters | None = None,
    calibrate_on: tuple[Matrix, Labels] | None = None,
) -> TrainedModel:
    """Train one of `MODEL_KINDS` under one of `IMBALANCE`, and time it, in seconds.

    Features have shape (n, f), labels (n,), 1 for fraud and 0 otherwise. ``parameters`` override the model's defaults.
    ``calibrate_on``, features and labels of later events in order of time, calibrates probabilities: always
    after a strategy has moved them, and under "none" if it helps on these events. Without it they are the model's own.
    Raises `TrainingDataError` if there are too few frauds for the strategy, or no frauds or legitimate events.
    """
    candidate, strategy = MODEL_KINDS[kind], IMBALANCE[imbalance]
    began = time.perf_counter()
    balances_itself = imbalance == "balanced_ensemble" and candidate.fit_balanced is not None
    fit = candidate.fit_balanced if balances_itself and candidate.fit_balanced else candidate.fit
    chosen = {**candidate.defaults, **(parameters or {})}
    sample = draw_sample("none" if balances_itself else imbalance, features, labels, seed)
    uncalibrated = fit(features, sample, chosen, seed)
    calibration = None
    if calibrate_on is not None:
        later, later_labels = calibrate_on
        calibrate = fit_if_better if imbalance == "none" else fit_calibration
        calibration = calibrate(uncalibrated.margin(later), later_labels)
    return TrainedModel(
        kind,
        imbalance,
        candidate.title if imbalance == "none" else f"{candidate.title}, {strategy.title}",
        time.perf_counter() - began,
        _predict(uncalibrated, calibration),
        lambda: uncalibrated.export(calibration),
        uncalibrated.gain,
        chosen,
        uncalibrated,
        calibration,
    )


def _predict(uncalibrated: UncalibratedModel, calibration: Calibration | None) -> Callable[[Matrix], Floats]:
    if calibration is None:
        return uncalibrated.probability
    return lambda rows: calibration.apply(uncalibrated.margin(rows))
