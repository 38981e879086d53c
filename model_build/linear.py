"""Logistic regression on imputed, standardised features, and its ONNX form."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from tollgate.core.model import INPUT, OUTPUT

from model_build.trees import build_model


def linear_pipeline(seed: int) -> Pipeline:
    """Return an unfitted pipeline: median for what is missing, unit variance, logistic regression."""
    return make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=1000, random_state=seed),
    )


def export_linear(pipeline: Pipeline, features: int) -> bytes:
    """Return a fitted `linear_pipeline` as ONNX.

    It computes in float64, as scikit-learn does: in float32, as the public converter has it, features far from zero
    (an amount over its usual by thousands of times) move the probability.
    """
    imputer, scaler, regression = (step for _, step in pipeline.steps)
    numbers: dict[str, Any] = {
        "median": np.nan_to_num(imputer.statistics_),
        "mean": scaler.mean_,
        "deviation": scaler.scale_,
        "weights": regression.coef_.reshape(-1, 1),
        "intercept": regression.intercept_,
    }
    constants = [numpy_helper.from_array(np.asarray(value, np.float64), name) for name, value in numbers.items()]
    nodes = [
        helper.make_node("Cast", [INPUT], ["given"], to=TensorProto.DOUBLE),
        helper.make_node("IsNaN", ["given"], ["missing"]),
        helper.make_node("Where", ["missing", "median", "given"], ["imputed"]),
        helper.make_node("Sub", ["imputed", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], ["scaled"]),
        helper.make_node("MatMul", ["scaled", "weights"], ["product"]),
        helper.make_node("Add", ["product", "intercept"], ["margin"]),
        helper.make_node("Sigmoid", ["margin"], ["exact"]),
        helper.make_node("Cast", ["exact"], [OUTPUT], to=TensorProto.FLOAT),
    ]
    return build_model(nodes, constants, features)
