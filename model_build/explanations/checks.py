"""Checks of a version's reasons before sealing: exact ones against the model, LIME's for stability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import numpy.typing as npt
from tollgate.core.events.event import Floats
from tollgate.core.explanations.explainer import Explainer
from tollgate.core.explanations.groups import Group
from tollgate.core.explanations.lime import Lime
from tollgate.core.features.feature import Matrix
from tollgate.errors import ReasonsError

from model_build.models.registry import TrainedModel
from model_build.onnx_export.parity import with_missing_values
from model_build.onnx_export.trees import Ensemble, Tree

# In log-odds: this moves no probability by more than 0.000025.
MAX_GAP = 1e-4
_SUMMED, _COMPARED = 250, 20
# LIME is measured mostly on the most suspicious events, as those are whose reasons people read.
_SUSPICIOUS, _OTHERS = 40, 20


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
