"""Random forests: scikit-learn's, and imbalanced-learn's, which balances the sample of each tree."""

from __future__ import annotations

from typing import Any

import numpy as np
from imblearn.ensemble import BalancedRandomForestClassifier
from sklearn.ensemble import RandomForestClassifier
from tollgate.core.events.event import Floats
from tollgate.core.features.feature import Matrix

from model_build.models.calibration import Calibration
from model_build.models.fitted import Parameters, UncalibratedModel, thread_count, to_shares
from model_build.models.resampling import Sample, fill_rows
from model_build.onnx_export.tree_import import forest_trees
from model_build.onnx_export.trees import Ensemble, export_trees, fill_missing, forest_margin


def fit_forest(sample: Sample, parameters: Parameters, seed: int) -> UncalibratedModel:
    """Fit a random forest to a sample of one draw; ``max_samples`` is the most events that a tree draws."""
    chosen = dict(parameters)
    (draw,) = sample.draws
    forest = RandomForestClassifier(
        n_estimators=chosen.pop("rounds"),
        max_samples=min(chosen.pop("max_samples"), len(draw.labels)),
        n_jobs=thread_count(),
        random_state=seed,
        **chosen,
    )
    return _to_model(forest.fit(draw.features, draw.labels, draw.weights), sample.fill_values)


def fit_balanced_forest(sample: Sample, parameters: Parameters, seed: int) -> UncalibratedModel:
    """Grow each tree on as many legitimate events as frauds (Chen, Liaw, Breiman, 2004)."""
    chosen = {name: value for name, value in parameters.items() if name != "max_samples"}
    (draw,) = sample.draws
    forest = BalancedRandomForestClassifier(
        n_estimators=chosen.pop("rounds"), n_jobs=thread_count(), random_state=seed, **chosen
    )
    return _to_model(forest.fit(draw.features, draw.labels), sample.fill_values)


def _to_model(forest: Any, fill_values: Matrix | None) -> UncalibratedModel:  # noqa: ANN401 - scikit-learn has no types
    def shares(rows: Matrix) -> Floats:
        both: Floats = forest.predict_proba(fill_rows(rows, fill_values))
        return both

    def margin(rows: Matrix) -> Floats:
        legitimate, fraud = shares(rows).T
        return forest_margin(fraud, legitimate)

    def form() -> Ensemble:
        ensemble = forest_trees(forest)
        return ensemble if fill_values is None else fill_missing(ensemble, fill_values)

    def export(calibration: Calibration | None) -> bytes:
        return export_trees(form(), forest.n_features_in_, calibration)

    gain = np.asarray(forest.feature_importances_, dtype=np.float64)
    return UncalibratedModel(margin, lambda rows: shares(rows)[:, 1], export, to_shares(gain), form)
