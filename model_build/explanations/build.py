"""Explainer of a trained model: its tables are built once, then only looked up."""

from __future__ import annotations

from typing import Literal

import numpy as np
from tollgate.core.explanations.explainer import Explainer, LinearReasons, TreeReasons
from tollgate.core.explanations.tree_tables import Tables
from tollgate.core.features.feature import Matrix

from model_build.explanations.deep_trees import build_background_trees, build_deep_trees
from model_build.explanations.table_budget import divide_trees
from model_build.explanations.tables import build_tables
from model_build.explanations.tree_arrays import to_tree_arrays
from model_build.models.calibration import Calibration
from model_build.models.linear import Linear
from model_build.onnx_export.trees import Ensemble

Method = Literal["path_dependent", "background"]
ModelForm = Ensemble | Linear


def build_explainer(
    form: ModelForm, features: int, calibration: Calibration | None, background: Matrix | None
) -> Explainer:
    """Return what explains a model on ``features`` features exactly, in log-odds.

    Against a ``background`` sample, (b, features), contributions count from its mean, and a feature that is left out
    takes the values that it has there (interventional). Without one, they count from the mean of the training data,
    and a tree that is not told a feature follows the cover of its branches (path-dependent).
    """
    slope, intercept = (calibration.slope, calibration.intercept) if calibration else (1.0, 0.0)
    if isinstance(form, Linear):
        part, base = _linear_reasons(form, background)
        return Explainer(features, (part,), base, of_shares=False, slope=slope, intercept=intercept)
    parts, base = [], 0.0
    tabled, deep = divide_trees(form, features)
    if tabled:
        trees = to_tree_arrays(tabled, features)
        built = build_tables(trees, None if background is None else trees.splits.answer(background))
        parts.append(TreeReasons(trees.splits, built.tables))
        base += built.base
    if deep:
        trees = to_tree_arrays(deep, features)
        nodes = (
            build_deep_trees(trees)
            if background is None
            else build_background_trees(trees, trees.splits.answer(background))
        )
        parts.append(TreeReasons(trees.splits, (nodes,)))
        base += nodes.base
    return Explainer(features, tuple(parts), base, of_shares=not form.logistic, slope=slope, intercept=intercept)


def _linear_reasons(linear: Linear, background: Matrix | None) -> tuple[LinearReasons, float]:
    imputer, scaler = (step for _, step in linear.preparation.steps)
    stand_in = np.nan_to_num(imputer.statistics_)
    weights = linear.weights / scaler.scale_
    usual = scaler.mean_
    if background is not None:
        usual = np.where(np.isnan(background), stand_in, background.astype(np.float64)).mean(axis=0)
    base = linear.intercept + float(weights @ (usual - scaler.mean_))
    return LinearReasons(weights, usual, stand_in), base


def table_bytes(explainer: Explainer) -> int:
    """Return how much memory the tables of an explainer take, in bytes."""
    parts = [part for trees in explainer.parts if isinstance(trees, TreeReasons) for part in trees.parts]
    return sum(part.rows.nbytes for part in parts if isinstance(part, Tables))
