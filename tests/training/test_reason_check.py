"""The gate: reasons that do not add up, or that others tell otherwise, are not sealed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.explanations.explainer import Explainer, TreeReasons
from tollgate.core.explanations.tree_tables import Tables
from tollgate.core.features.feature import Matrix
from tollgate.errors import ReasonsError

from model_build.deployment.publish import open_folder
from model_build.detector_file.reader import DetectorFile
from model_build.explanations.build import MAX_GAP, build_explainer, check_reasons
from model_build.models.registry import Labels, TrainedModel, train_model
from model_build.onnx_export.trees import Ensemble
from model_build.train import train_detector
from tests.training.test_trees import ROWS, draw_table

KINDS = ("logistic_regression", "random_forest", "xgboost", "lightgbm")
IMBALANCE = ("none", "class_weights", "smote", "balanced_ensemble")


def fit(kind: str, imbalance: str, missing: float = 0.2) -> tuple[TrainedModel, Matrix, Labels]:
    features, labels = draw_table(3, missing)
    few = {} if kind == "logistic_regression" else {"rounds": 15}
    fitted = train_model(
        kind,
        features[:3000],
        labels[:3000],
        0,
        imbalance=imbalance,
        parameters=few,
        calibrate_on=(features[3000:6000], labels[3000:6000]),
    )
    return fitted, features, labels


def explain(fitted: TrainedModel, width: int) -> Explainer:
    form = fitted.uncalibrated.form()
    assert form is not None
    return build_explainer(form, width, fitted.calibration)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("imbalance", IMBALANCE)
def test_reasons_of_every_model_add_up(kind: str, imbalance: str) -> None:
    fitted, features, _ = fit(kind, imbalance)
    gaps = check_reasons(fitted, explain(fitted, 12), features[ROWS : ROWS + 300])
    assert max(gaps.values()) <= MAX_GAP
    assert (kind in gaps) == (kind in ("xgboost", "lightgbm"))


def in_tables(explainer: Explainer, change: Callable[[Matrix], Matrix]) -> Explainer:
    (trees,) = explainer.parts
    assert isinstance(trees, TreeReasons)
    parts = tuple(replace(part, rows=change(part.rows)) if isinstance(part, Tables) else part for part in trees.parts)
    return replace(explainer, parts=(replace(trees, parts=parts),))


def test_a_table_that_does_not_add_up_is_refused() -> None:
    fitted, features, _ = fit("xgboost", "none")
    wrong = in_tables(explain(fitted, 12), lambda rows: rows * np.float32(1.01))
    with pytest.raises(ReasonsError, match=r"differ from the trained model by up to .* in log-odds"):
        check_reasons(fitted, wrong, features[ROWS : ROWS + 300])


def test_a_base_that_is_off_is_refused() -> None:
    fitted, features, _ = fit("logistic_regression", "class_weights")
    explainer = explain(fitted, 12)
    with pytest.raises(ReasonsError, match="Remove logistic_regression from models"):
        check_reasons(fitted, replace(explainer, base=explainer.base + 0.01), features[ROWS : ROWS + 300])


def test_contributions_of_the_wrong_features_are_refused_although_they_add_up() -> None:
    fitted, features, _ = fit("xgboost", "none")
    explainer = explain(fitted, 12)
    (trees,) = explainer.parts
    assert isinstance(trees, TreeReasons)
    parts = tuple(replace(part, features=part.features[::-1]) for part in trees.parts if isinstance(part, Tables))
    swapped = replace(explainer, parts=(replace(trees, parts=parts),))
    with pytest.raises(ReasonsError, match="differ from those of xgboost"):
        check_reasons(fitted, swapped, features[ROWS : ROWS + 300])


def test_another_cover_is_told_apart_by_the_library() -> None:
    fitted, features, _ = fit("lightgbm", "none")
    form = fitted.uncalibrated.form()
    assert isinstance(form, Ensemble)
    trees = [replace(tree, cover=np.ones_like(tree.cover)) for tree in form.trees]
    explainer = build_explainer(replace(form, trees=trees), 12, fitted.calibration)
    with pytest.raises(ReasonsError, match="differ from those of lightgbm"):
        check_reasons(fitted, explainer, features[ROWS : ROWS + 300])


@pytest.mark.long
@pytest.mark.parametrize("reasons", ["path_dependent", "none"])
def test_training_seals_the_reasons_that_the_detector_file_asks_for(
    sample_csv: Path, quick_detector: DetectorFile, tmp_path: Path, reasons: str
) -> None:
    training = replace(quick_detector.training, models=("xgboost",), reasons=reasons)
    file = replace(quick_detector, training=training)
    version = open_folder(train_detector(sample_csv, file, tmp_path, lambda _: None).sealed.folder)
    assert (version.reasons is None) == (reasons == "none")
    told = version.manifest["reasons"]
    if reasons == "none":
        assert told is None
        assert "reasons.npz" not in version.manifest["files"]
    else:
        assert told["method"] == "path_dependent"
        assert told["largest_differences"]["sum"] <= MAX_GAP


def test_a_version_explains_what_it_decides(sample_version: Path) -> None:
    version = open_folder(sample_version)
    assert version.reasons is not None
    assert version.manifest["reasons"]["method"] == "path_dependent"
    rows = np.random.default_rng(0).standard_normal((50, len(version.features))).astype(np.float32) * 10
    explainer = version.reasons.explainer
    assert isinstance(explainer, Explainer)
    margins = explainer.explain(rows).margins
    assert np.abs(1 / (1 + np.exp(-margins)) - version.model.predict(rows)).max() <= 1e-5
