"""Benchmark of exact reasons, against xgboost and shap.

The model is XGBoost with 300 trees of depth 6 on sample payments. The values are compared with xgboost's pred_contribs,
one payment at a time and a thousand at once, and with shap's TreeExplainer, one at a time. All use the same model and
payments, take turns, and run on one thread. The figures are medians.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import shap
import xgboost
from tollgate.core.events.event import Floats
from tollgate.core.explanations.explainer import Explainer
from tollgate.core.features.feature import Matrix

from bench._figures import add_count, make_parser, write_figures
from model_build.data.table import read_labeled_events
from model_build.data.training_set import build_training_set
from model_build.detector_file.reader import read_detector_file
from model_build.explanations.build import build_explainer, table_bytes
from model_build.models.registry import XGBOOST_DEFAULTS
from model_build.onnx_export.tree_import import xgboost_trees
from model_build.simulator import write_sample

DETECTOR_FILE = Path(__file__).parent.parent / "examples" / "sample" / "detector.toml"
TREES, DEPTH, BATCH_ROWS = 300, 6, 1000


def draw_payments(rows: int) -> tuple[Matrix, Floats]:
    """Features and labels of sample payments."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "payments.parquet")
        write_sample(rows, 1, path)
        file = read_detector_file(DETECTOR_FILE)
        data = read_labeled_events(path, file.event_type)
    everything = np.arange(len(data.events))
    training_set = build_training_set(data, file, everything, lambda _: None)
    return training_set.matrix, training_set.labels(everything).astype(np.float64)


def boost(features: Matrix, labels: Floats) -> xgboost.Booster:
    parameters = {name: value for name, value in XGBOOST_DEFAULTS.items() if name not in ("rounds", "bags")}
    parameters |= {"objective": "binary:logistic", "max_depth": DEPTH, "nthread": 1}
    data = xgboost.QuantileDMatrix(features, labels, max_bin=parameters["max_bin"], nthread=1)
    return xgboost.train(parameters, data, TREES)


def medians_ms(runs: int, *calls: Callable[[int], object]) -> list[float]:
    """Return the median of each call, interleaved; a call is handed the number of the run."""
    times: list[list[float]] = [[] for _ in calls]
    for run in range(runs):
        for call, took in zip(calls, times, strict=True):
            began = time.perf_counter()
            call(run)
            took.append(1e3 * (time.perf_counter() - began))
    return [statistics.median(took) for took in times]


def compare_with_xgboost(booster: xgboost.Booster, explainer: Explainer, rows: Matrix, runs: int) -> dict[str, float]:
    def theirs(chosen: Matrix) -> Floats:
        return np.asarray(booster.predict(xgboost.DMatrix(chosen, nthread=1), pred_contribs=True))

    one, own = medians_ms(runs, lambda i: explainer.explain(rows[i : i + 1]), lambda i: theirs(rows[i : i + 1]))
    many, own_many = medians_ms(7, lambda _: explainer.explain(rows[:BATCH_ROWS]), lambda _: theirs(rows[:BATCH_ROWS]))
    expected = theirs(rows[:BATCH_ROWS])
    found = explainer.explain(rows[:BATCH_ROWS])
    return {
        "row_ms": one,
        "xgboost_row_ms": own,
        "ratio_row": own / one,
        "thousand_ms": many,
        "xgboost_thousand_ms": own_many,
        "ratio_1000": own_many / many,
        "max_error": float(np.abs(found.values - expected[:, :-1]).max()),
    }


def compare_with_shap(booster: xgboost.Booster, explainer: Explainer, rows: Matrix, runs: int) -> dict[str, float]:
    tree_explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    one, theirs = medians_ms(
        runs, lambda i: explainer.explain(rows[i : i + 1]), lambda i: tree_explainer.shap_values(rows[i : i + 1])
    )
    return {"shap_ms": theirs, "ratio_shap": theirs / one}


def main() -> None:
    parser = make_parser(__doc__)
    add_count(parser, "--rows", 100_000, "payments to train on")
    add_count(parser, "--runs", 200, "times to measure")
    asked = parser.parse_args()
    features, labels = draw_payments(asked.rows)
    training, rows = features[:-2000], np.ascontiguousarray(features[-2000:])
    booster = boost(training, labels[:-2000])
    ensemble, width = xgboost_trees(booster), features.shape[1]
    began = time.perf_counter()
    explainer = build_explainer(ensemble, width, None)
    build_s = time.perf_counter() - began
    figures = compare_with_xgboost(booster, explainer, rows, asked.runs)
    figures |= compare_with_shap(booster, explainer, rows, min(asked.runs, 50))
    figures |= {"tables_mb": table_bytes(explainer) / 1e6, "build_s": build_s}
    leaves = sum(int((tree.left < 0).sum()) for tree in ensemble.trees)
    print(f"XGBoost: {TREES} trees of depth {DEPTH}, {leaves:,} leaves, {width} features, {asked.rows:,} payments")
    for name, figure in figures.items():
        print(f"  {name:20} {figure:>12.3g}")
    write_figures(asked.json, {name: float(f"{value:.4g}") for name, value in figures.items()})


if __name__ == "__main__":
    main()
