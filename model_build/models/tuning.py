"""Hyperparameter tuning on earlier folds within a time limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import optuna

from model_build.data.training_set import TrainingSet
from model_build.evaluation.prequential import Fold, run_folds, score_by_model

_Suggest = Callable[[optuna.Trial], dict[str, Any]]


def _suggest_linear(trial: optuna.Trial) -> dict[str, Any]:
    return {"C": trial.suggest_float("C", 1e-3, 10, log=True)}


def _suggest_forest(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "max_depth": trial.suggest_int("max_depth", 6, 24),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 20, log=True),
    }


def _suggest_xgboost(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "rounds": trial.suggest_int("rounds", 100, 500, step=50),
        "max_depth": trial.suggest_int("max_depth", 3, 8),
        "eta": trial.suggest_float("eta", 0.02, 0.2, log=True),
        "min_child_weight": trial.suggest_float("min_child_weight", 0.5, 20, log=True),
        "subsample": trial.suggest_float("subsample", 0.4, 1.0),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.15, 1.0),
        "reg_lambda": trial.suggest_float("reg_lambda", 0.5, 20, log=True),
    }


def _suggest_lightgbm(trial: optuna.Trial) -> dict[str, Any]:
    return {
        "rounds": trial.suggest_int("rounds", 100, 500, step=50),
        "num_leaves": trial.suggest_int("num_leaves", 7, 63, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.1, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 100, log=True),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.4, 1.0),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.15, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 20, log=True),
    }


SEARCHED: Mapping[str, _Suggest] = {
    "logistic_regression": _suggest_linear,
    "random_forest": _suggest_forest,
    "xgboost": _suggest_xgboost,
    "lightgbm": _suggest_lightgbm,
}


def tune_parameters(
    training_set: TrainingSet, folds: Sequence[Fold], kind: str, imbalance: str, seconds: float
) -> dict[str, Any]:
    """Return the parameters of the best mean average precision on ``folds`` that ``seconds`` of search found.

    The search begins with what the detector file says, or else with the defaults, so that it never ends below them. It
    repeats itself with the seed only as far as the same number of trials fits in the time.
    """
    fixed = dict(training_set.file.training.parameters.get(kind, {}))

    def reached(parameters: Mapping[str, Any]) -> float:
        results = run_folds(training_set, folds, score_by_model(kind, imbalance, parameters))
        return float(np.mean([result.metrics.average_precision for result in results]))

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=training_set.file.training.seed % 2**31)
    )
    before = reached(fixed)
    study.optimize(lambda trial: reached({**fixed, **SEARCHED[kind](trial)}), timeout=seconds)
    return {**fixed, **study.best_params} if study.best_value > before else fixed
