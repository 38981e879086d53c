"""Logistic regression on imputed, standardized features, and its ONNX form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from tollgate.core.detectors.model import INPUT
from tollgate.core.events.event import Floats
from tollgate.core.features.feature import Matrix

from model_build.models.calibration import Calibration
from model_build.models.resampling import Draw
from model_build.onnx_export.graph import build_model, constant, to_probability


@dataclass(frozen=True)
class Linear:
    """Logistic regressions fitted on features prepared alike; the mean of their log-odds is one regression again."""

    preparation: Pipeline
    regressions: Sequence[LogisticRegression]

    def margin(self, rows: Matrix) -> Floats:
        """Return the log-odds of fraud, shape (n,), for features (n, f)."""
        prepared = self.preparation.transform(rows.astype(np.float64))
        margin: Floats = np.mean([one.decision_function(prepared) for one in self.regressions], axis=0)
        return margin

    @property
    def weights(self) -> Floats:
        """The mean weight of each standardized feature, shape (f,)."""
        mean: Floats = np.mean([regression.coef_[0] for regression in self.regressions], axis=0)
        return mean

    @property
    def intercept(self) -> float:
        """The mean intercept."""
        return float(np.mean([regression.intercept_[0] for regression in self.regressions]))


def fit_linear(features: Matrix, draws: Sequence[Draw], seed: int, parameters: Mapping[str, Any]) -> Linear:
    """Fit a regression to each draw: medians for missing values, unit variance, logistic regression.

    Medians and variances are those of ``features``, shape (n, f): the training part as it is, whatever was drawn of it.
    """
    preparation = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    preparation.fit(features.astype(np.float64))

    def fit(draw: Draw) -> LogisticRegression:
        prepared: npt.NDArray[np.float64] = preparation.transform(draw.features.astype(np.float64))
        return LogisticRegression(**parameters, random_state=seed).fit(prepared, draw.labels, draw.weights)

    return Linear(preparation, [fit(draw) for draw in draws])


def export_linear(linear: Linear, features: int, calibration: Calibration | None = None) -> bytes:
    """Return a fitted `Linear` as ONNX.

    It computes in float64, as scikit-learn does: in float32, as the public converter has it, features far from zero
    (an amount over its usual by thousands of times) move the probability.
    """
    imputer, scaler = (step for _, step in linear.preparation.steps)
    numbers: dict[str, Any] = {
        "median": np.nan_to_num(imputer.statistics_),
        "mean": scaler.mean_,
        "deviation": scaler.scale_,
        "weights": linear.weights.reshape(-1, 1),
        "offset": [linear.intercept],
    }
    nodes = [
        helper.make_node("Cast", [INPUT], ["given"], to=TensorProto.DOUBLE),
        helper.make_node("IsNaN", ["given"], ["missing"]),
        helper.make_node("Where", ["missing", "median", "given"], ["imputed"]),
        helper.make_node("Sub", ["imputed", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], ["scaled"]),
        helper.make_node("MatMul", ["scaled", "weights"], ["product"]),
        helper.make_node("Add", ["product", "offset"], ["margin"]),
    ]
    after, line = to_probability("margin", calibration)
    constants = [constant(name, value) for name, value in numbers.items()]
    return build_model([*nodes, *after], [*constants, *line], features)
