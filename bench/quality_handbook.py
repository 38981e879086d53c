"""Benchmark of model quality on the Handbook payments, under the book's protocol, next to every published result.

The detector is examples/handbook/detector.toml. Its parameters were chosen on folds that end before the first test
day. Each fold trains on 7 days; a second table trains on all earlier days as well. At the end, one XGBoost model is
trained on all 1.75 million payments, and timed.

The payments and the published figures are those of shared/data, beside the checkout (Reproducible Machine Learning
for Credit Card Fraud Detection, chapters 5 to 7).
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import date
from pathlib import Path

import numpy as np

from bench._figures import make_parser, write_figures
from model_build.data.table import LabeledEvents, read_labeled_events
from model_build.data.training_set import TrainingSet, build_training_set
from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.evaluation.evaluate import title_of
from model_build.evaluation.prequential import Fold, FoldResult, Protocol, cut_folds, run_folds, score_by_model
from model_build.models.registry import train_model

ROOT = Path(__file__).parent.parent
PAYMENTS = ROOT.parent / "shared" / "data" / "handbook_transactions.parquet"
DETECTOR_FILE = ROOT / "examples" / "handbook" / "detector.toml"
FIRST = date(2018, 7, 25)
# What the book gives for a fold that trains from 25 July: payments and frauds to learn from, and to be judged on.
CHECK = (67_240, 598, 58_264, 385)
# AUC ROC, average precision, CP@100: mean and deviation over the four test folds.
PUBLISHED = {
    "Logistic regression": ("0.868±0.015", "0.623±0.016", "0.297±0.008"),
    "Random forest": ("0.870±0.017", "0.678±0.012", "0.299±0.013"),
    "XGBoost": ("0.869±0.009", "0.687±0.011", "0.303±0.013"),
    "Balanced bagging": ("0.879±0.013", "0.680±0.011", "0.305±0.010"),
    "Balanced random forest": ("0.872±0.021", "0.677±0.009", "0.302±0.012"),
    "SMOTE (decision tree)": ("0.845±0.008", "0.573±0.025", "0.289±0.016"),
    "Undersampling (decision tree)": ("0.830±0.007", "0.594±0.020", "0.277±0.015"),
    "Feed-forward network": ("0.876±0.011", "0.675±0.010", "0.303±0.015"),
    "LSTM": ("0.876±0.015", "0.665±0.016", "0.297±0.010"),
    "LSTM with attention": ("0.874±0.020", "0.667±0.012", "0.295±0.006"),
}
FIGURES = (("auc", "auc"), ("ap", "average_precision"), ("cp100", "card_precision"))


def protocol_of(data: LabeledEvents, *, all_history: bool) -> tuple[Fold, ...]:
    folds = cut_folds(data, Protocol(FIRST, delay_days=7, all_history=all_history))
    if not all_history:
        found = [figure for rows in (folds[0].train, folds[0].test) for figure in (len(rows), data.labels[rows].sum())]
        assert tuple(found) == CHECK, f"the first fold has {found}, and the book's has {CHECK}"
    return folds


def print_row(title: str, figures: tuple[str, ...]) -> None:
    print(f"  {title:44}" + "".join(f"{figure:>15}" for figure in figures))


def summarize(results: list[FoldResult]) -> dict[str, tuple[float, float]]:
    values = {short: [getattr(result.metrics, name) for result in results] for short, name in FIGURES}
    return {short: (statistics.fmean(column), statistics.pstdev(column)) for short, column in values.items()}


def evaluate(
    training_set: TrainingSet, folds: tuple[Fold, ...], kind: str, imbalance: str
) -> dict[str, tuple[float, float]]:
    parameters = training_set.file.training.parameters.get(kind, {})
    results = list(run_folds(training_set, folds, score_by_model(kind, imbalance, parameters)))
    summary = summarize(results)
    print_row(title_of(kind, imbalance), tuple(f"{mean:.3f}±{deviation:.3f}" for mean, deviation in summary.values()))
    for result in results:
        figures = tuple(f"{getattr(result.metrics, name):.3f}" for _, name in FIGURES)
        print_row(f"    trained from {result.start}", figures)
    return summary


def time_whole(data: LabeledEvents, file: DetectorFile) -> dict[str, float]:
    """Time features of all payments, and one XGBoost model on all of them, in seconds."""
    began = time.perf_counter()
    everything = np.arange(len(data.events))
    training_set = build_training_set(data, file, everything, lambda _step: None)
    replayed = time.perf_counter()
    train_model(
        "xgboost",
        training_set.matrix,
        training_set.labels(everything),
        file.training.seed,
        parameters=file.training.parameters.get("xgboost"),
    )
    return {"features_s": round(replayed - began, 1), "train_s": round(time.perf_counter() - replayed, 1)}


def main() -> None:
    parser = make_parser(__doc__)
    kinds = ["logistic_regression", "lightgbm", "xgboost"]
    parser.add_argument("--models", nargs="*", default=kinds, help=f"models to train (default: {' '.join(kinds)})")
    asked = parser.parse_args()
    if not PAYMENTS.is_file():
        sys.exit(
            f"Nothing was measured: put {PAYMENTS.name} (the Handbook payments) in shared/data, beside the checkout."
        )
    file = read_detector_file(DETECTOR_FILE)
    data = read_labeled_events(PAYMENTS, file.event_type)
    folds = protocol_of(data, all_history=False)
    training_set = build_training_set(data, file, folds[0].train, lambda _step: None)
    print(
        f"{len(data.events):,} payments, {len(training_set.features)} features, "
        f"mean ± standard deviation over {len(folds)} folds"
    )
    print_row("", ("AUC ROC", "avg. precision", "CP@100"))
    for title, published in PUBLISHED.items():
        print_row(f"{title}, published", published)
    figures: dict[str, float] = {}
    for all_history in (False, True):
        print("\nTrained on all earlier days" if all_history else "\nTrained on 7 days, as published")
        for kind in asked.models if not all_history else ["xgboost"]:
            summary = evaluate(training_set, protocol_of(data, all_history=all_history), kind, "none")
            if kind == "xgboost":
                suffix = "_all_history" if all_history else ""
                figures |= {f"{name}{suffix}": round(mean, 4) for name, (mean, _) in summary.items()}
    del training_set
    figures |= time_whole(data, file)
    print(
        f"\nOne XGBoost model on all payments: {figures['features_s']} s for features, {figures['train_s']} s to train"
    )
    write_figures(asked.json, figures)


if __name__ == "__main__":
    main()
