"""Reasons of a version: an exact explainer, whose tables are built once and checked against the model, or LIME."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Floats
from tollgate.core.explanations.archive import write_explainer
from tollgate.core.explanations.explainer import Explainer, LinearReasons, TreeReasons
from tollgate.core.explanations.groups import Group, group_features
from tollgate.core.explanations.lime import Lime
from tollgate.core.explanations.tree_tables import Tables
from tollgate.core.features.feature import Matrix
from tollgate.errors import ReasonsError

from model_build.data.split import Split
from model_build.data.training_set import Progress, TrainingSet
from model_build.explanations.deep_trees import build_deep_trees
from model_build.explanations.table_plan import divide_trees
from model_build.explanations.tables import build_tables
from model_build.explanations.tree_arrays import to_tree_arrays
from model_build.models.calibration import Calibration
from model_build.models.linear import Linear
from model_build.models.registry import TrainedModel
from model_build.onnx_export.parity import with_missing_values
from model_build.onnx_export.trees import Ensemble, Tree

ModelForm = Ensemble | Linear

# Events of the training part from which LIME takes the values of what it replaces.
LIME_ROWS = 100
# In log-odds: this moves no probability by more than 0.000025.
MAX_GAP = 1e-4
_SUMMED, _COMPARED = 250, 20
# LIME is measured mostly on the most suspicious events, as those are whose reasons people read.
_SUSPICIOUS, _OTHERS = 40, 20


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


def check_reasons(fitted: TrainedModel, explainer: Explainer, features: Matrix) -> dict[str, float]:
    """Return the largest differences in log-odds over ``features``, shape (n, f), and again with values removed.

    "sum" is between base and contributions, and the log-odds of the trained model. Contributions are compared, one by
    one, with those of xgboost or LightGBM where one of them fitted the model, and those of trees with those of shap, if
    it is installed. Raises `ReasonsError` where one is above 1e-4: such a version is not sealed.
    """
    rows = np.concatenate([features[:_SUMMED], with_missing_values(features[:_SUMMED])])
    gaps = {"sum": _largest(explainer.explain(rows).margins - fitted.margin(rows))}
    few = np.concatenate([features[:_COMPARED], rows[-_COMPARED:]])
    found = replace(explainer, of_shares=False, slope=1.0).explain(few).values
    if fitted.uncalibrated.contribute is not None:
        gaps[fitted.kind] = _largest(found - fitted.uncalibrated.contribute(few))
    form = fitted.uncalibrated.form()
    if isinstance(form, Ensemble) and find_spec("shap") is not None:
        gaps["shap"] = _largest(found - _shap_values(form, few))
    for name, gap in gaps.items():
        if not gap <= MAX_GAP:
            against = "the trained model" if name == "sum" else f"those of {name}"
            raise ReasonsError(
                f"The reasons of {fitted.title} differ from {against} by up to {gap:.2g} in log-odds; the "
                f"limit is {MAX_GAP:g}, so no version was sealed. Remove {fitted.kind} from models, or set "
                'reasons = "none" in [training].'
            )
    return gaps


def _largest(differences: Floats) -> float:
    return float(np.abs(differences).max(initial=0.0))


def _shap_values(ensemble: Ensemble, rows: Matrix) -> Floats:
    import shap  # noqa: PLC0415 - it takes a second to load, and is only there for development

    if all(len(tree.left) == 1 for tree in ensemble.trees):
        return np.zeros(rows.shape)
    explainer = shap.TreeExplainer(
        {"trees": [_for_shap(tree, ensemble.mode) for tree in ensemble.trees if len(tree.left) > 1]},
        feature_perturbation="tree_path_dependent",
    )
    values: Floats = np.asarray(explainer.shap_values(rows, check_additivity=False)).reshape(rows.shape)
    return values


def _for_shap(tree: Tree, mode: str) -> dict[str, npt.NDArray[Any]]:
    threshold = np.nextafter(tree.threshold, np.float32(-np.inf)) if mode == "BRANCH_LT" else tree.threshold
    return {
        "children_left": tree.left.astype(np.int32),
        "children_right": tree.right.astype(np.int32),
        "children_default": np.where(tree.missing_left, tree.left, tree.right).astype(np.int32),
        "features": np.where(tree.left < 0, -2, tree.feature).astype(np.int32),
        "thresholds": threshold.astype(np.float64),
        "values": tree.value[:, None],
        "node_sample_weight": tree.cover,
    }


def measure_lime(
    fitted: TrainedModel, lime: Lime, groups: Sequence[Group], features: Matrix, seed: int
) -> dict[str, Any]:
    """Return stability, and how far base and contributions are from the log-odds, on some events of (n, f) features."""
    order = np.argsort(-fitted.predict(features), kind="stable")
    others = np.random.default_rng(seed).permutation(order[_SUSPICIOUS:])[:_OTHERS]
    rows = features[np.concatenate([order[:_SUSPICIOUS], others])]
    explained = [lime.explain(fitted.predict, row, groups) for row in rows]
    stability = np.array([one.stability for one in explained])
    gaps = np.abs([one.base + one.values.sum() for one in explained] - fitted.margin(rows))
    return {
        "events": len(rows),
        "stability": {"median": _rounded(np.median(stability)), "lowest": _rounded(stability.min())},
        "gap": {"median": _rounded(np.median(gaps)), "largest": _rounded(gaps.max())},
    }


def _rounded(value: float) -> float:
    return round(float(value), 4)
