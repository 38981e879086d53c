"""Reasons of a version: an exact explainer, whose tables are built once and then only looked up, or LIME."""

from __future__ import annotations

from typing import Any

import numpy as np
from tollgate.core.explanations.archive import write_explainer
from tollgate.core.explanations.explainer import Explainer, LinearReasons, TreeReasons
from tollgate.core.explanations.groups import group_features
from tollgate.core.explanations.lime import Lime
from tollgate.core.explanations.tree_tables import Tables
from tollgate.core.features.feature import Matrix

from model_build.data.split import Split
from model_build.data.training_set import Progress, TrainingSet
from model_build.explanations.checks import check_reasons, measure_lime
from model_build.explanations.deep_trees import build_deep_trees
from model_build.explanations.table_plan import divide_trees
from model_build.explanations.tables import build_tables
from model_build.explanations.tree_arrays import to_tree_arrays
from model_build.models.calibration import Calibration
from model_build.models.linear import Linear
from model_build.models.registry import TrainedModel
from model_build.onnx_export.trees import Ensemble

ModelForm = Ensemble | Linear

# Events of the training part from which LIME takes the values of what it replaces.
LIME_ROWS = 100


def explain_version(
    training_set: TrainingSet, split: Split, best: TrainedModel, progress: Progress
) -> tuple[bytes | None, dict[str, Any] | None]:
    """Return the file of reasons, and their entry in the manifest; None and None where none are wanted."""
    method = training_set.file.training.reasons
    if method == "none":
        return None, None
    form = best.uncalibrated.form()
    if form is None:
        return _approximate(training_set, split, best, progress)
    progress(f"Building and checking the reasons of {best.title}")
    explainer = build_explainer(form, training_set.matrix.shape[1], best.calibration)
    gaps = check_reasons(best, explainer, training_set.matrix[split.validation])
    summary = {
        "method": method,
        "base": float(explainer.explain(training_set.matrix[:1]).base),
        "largest_differences": gaps,
    }
    return write_explainer(explainer), summary


def _approximate(
    training_set: TrainingSet, split: Split, best: TrainedModel, progress: Progress
) -> tuple[bytes, dict[str, Any]]:
    """Return the file of reasons of a model that no table covers, and their entry in the manifest."""
    progress(f"Measuring the stability of the approximate reasons of {best.title}")
    lime = Lime(_draw_background(training_set, split))
    groups = group_features(training_set.features, training_set.file.event_type.entities)
    measured = measure_lime(best, lime, groups, training_set.matrix[split.validation], training_set.file.training.seed)
    return write_explainer(lime), {"method": "lime", **measured}


def _draw_background(training_set: TrainingSet, split: Split) -> Matrix:
    draw = np.random.default_rng(training_set.file.training.seed).permutation(split.train)[:LIME_ROWS]
    background: Matrix = training_set.matrix[np.sort(draw)]
    return background


def build_explainer(form: ModelForm, features: int, calibration: Calibration | None) -> Explainer:
    """Return what explains a model on ``features`` features exactly, in log-odds.

    Contributions count from the mean of the training data, and a tree that has to do without a feature follows the
    cover of its branches (path-dependent).
    """
    slope, intercept = (calibration.slope, calibration.intercept) if calibration else (1.0, 0.0)
    if isinstance(form, Linear):
        part, base = _linear_reasons(form)
        return Explainer(features, (part,), base, of_shares=False, slope=slope, intercept=intercept)
    parts, base = [], 0.0
    tabled, deep = divide_trees(form, features)
    if tabled:
        trees = to_tree_arrays(tabled, features)
        built = build_tables(trees)
        parts.append(TreeReasons(trees.splits, built.tables))
        base += built.base
    if deep:
        trees = to_tree_arrays(deep, features)
        nodes = build_deep_trees(trees)
        parts.append(TreeReasons(trees.splits, (nodes,)))
        base += nodes.base
    return Explainer(features, tuple(parts), base, of_shares=not form.logistic, slope=slope, intercept=intercept)


def _linear_reasons(linear: Linear) -> tuple[LinearReasons, float]:
    imputer, scaler = (step for _, step in linear.preparation.steps)
    stand_in = np.nan_to_num(imputer.statistics_)
    return LinearReasons(linear.weights / scaler.scale_, scaler.mean_, stand_in), linear.intercept


def table_bytes(explainer: Explainer) -> int:
    """Return how much memory the tables of an explainer take, in bytes."""
    parts = [part for trees in explainer.parts if isinstance(trees, TreeReasons) for part in trees.parts]
    return sum(part.rows.nbytes for part in parts if isinstance(part, Tables))
