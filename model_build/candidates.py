"""The models that training compares."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xgboost
from sklearn.ensemble import RandomForestClassifier
from tollgate.core.event import Floats
from tollgate.core.features import Matrix

from model_build.linear import export_linear, linear_pipeline
from model_build.trees import export_trees, forest_trees, xgboost_trees

Labels = npt.NDArray[np.int8]
# A forest draws at most this many events for each tree: more only cost time and size.
_FOREST_DRAW = 100_000


@dataclass(frozen=True)
class Fitted:
    """A trained model: ``predict`` gives the probability of fraud, shape (n,); ``export`` its ONNX form."""

    kind: str
    title: str
    train_s: float
    predict: Callable[[Matrix], Floats]
    export: Callable[[], bytes]


@dataclass(frozen=True)
class Candidate:
    """A model to train: its name for people, and how to fit it to features (n, f) and labels (n,) with a seed."""

    title: str
    fit: Callable[[Matrix, Labels, int], tuple[Callable[[Matrix], Floats], Callable[[], bytes]]]


def _threads() -> int:
    """Return how many threads may train: every core, or what OMP_NUM_THREADS says."""
    return int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)


def _fit_linear(features: Matrix, labels: Labels, seed: int) -> tuple[Callable[[Matrix], Floats], Callable[[], bytes]]:
    pipeline = linear_pipeline(seed).fit(features.astype(np.float64), labels)

    def predict(rows: Matrix) -> Floats:
        probability: Floats = pipeline.predict_proba(rows.astype(np.float64))[:, 1]
        return probability

    return predict, lambda: export_linear(pipeline, features.shape[1])


def _fit_forest(features: Matrix, labels: Labels, seed: int) -> tuple[Callable[[Matrix], Floats], Callable[[], bytes]]:
    forest = RandomForestClassifier(
        n_estimators=100,
        max_depth=14,
        min_samples_leaf=3,
        max_samples=min(_FOREST_DRAW, len(labels)),
        n_jobs=_threads(),
        random_state=seed,
    ).fit(features, labels)

    def predict(rows: Matrix) -> Floats:
        probability: Floats = forest.predict_proba(rows)[:, 1]
        return probability

    return predict, lambda: export_trees(forest_trees(forest), features.shape[1])


def _fit_xgboost(features: Matrix, labels: Labels, seed: int) -> tuple[Callable[[Matrix], Floats], Callable[[], bytes]]:
    # base_score and max_bin: the defaults of xgboost 3.2 cost 5 points of average precision on rare frauds.
    parameters = {
        "objective": "binary:logistic",
        "base_score": 0.5,
        "max_bin": 1024,
        "max_depth": 6,
        "eta": 0.1,
        "min_child_weight": 1,
        "subsample": 0.8,
        "colsample_bytree": 0.6,
        "seed": seed,
        "nthread": _threads(),
    }
    booster = xgboost.train(parameters, xgboost.QuantileDMatrix(features, labels, max_bin=1024), 200)

    def predict(rows: Matrix) -> Floats:
        return np.asarray(booster.inplace_predict(rows), dtype=np.float64)

    return predict, lambda: export_trees(xgboost_trees(booster), features.shape[1])


CANDIDATES: Mapping[str, Candidate] = {
    "logistic_regression": Candidate("Logistic regression", _fit_linear),
    "random_forest": Candidate("Random forest", _fit_forest),
    "xgboost": Candidate("XGBoost", _fit_xgboost),
}


def fit_candidate(kind: str, features: Matrix, labels: Labels, seed: int) -> Fitted:
    """Train one model and time it, in seconds."""
    candidate = CANDIDATES[kind]
    began = time.perf_counter()
    predict, export = candidate.fit(features, labels, seed)
    return Fitted(kind, candidate.title, time.perf_counter() - began, predict, export)
