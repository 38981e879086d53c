"""Model table: the trained models, their metrics and curves, side by side."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.api.client import Json
from app.components.charts import Curve, Points, curves_chart, show_chart
from app.components.score_table import Figures
from app.ui import formatting

METRICS = {
    "auc": ("ROC AUC", "Probability that a fraud scores higher than a legitimate event. 0.5 is random."),
    "average_precision": (
        "Average precision",
        "Area under the precision-recall curve. The best single metric when fraud is rare.",
    ),
    "recall_at_1pct_fpr": (
        "Recall at 1% FP",
        "Share of fraud caught when 1% of legitimate events are flagged.",
    ),
    "card_precision": ("Card precision", "Share of fraud among the 100 highest-scoring customers of each day."),
}
PERIODS = {"test": "Test period", "validation": "Validation period"}
LOW_RATES = 0.1
MAX_DEFAULT_CURVES = 4


def show_models(evaluation: Json, live: Figures | None) -> None:
    """Show all models in a table, and the curves of the selected ones.

    ``live`` are the metrics of the live model at the threshold: the table has the recall of each model at the same
    false positive rate.
    """
    rate = None if live is None else live.false_positive_rate
    models: list[Json] = evaluation.get("models") or []
    curves: Json = evaluation.get("curves") or {}
    heading, choice = st.columns([3, 2], vertical_alignment="bottom")
    note = "All models compared in training. The live one had the best average precision in the validation period."
    heading.header("Model comparison", anchor=False, help=note)
    with choice, st.container(horizontal=True, horizontal_alignment="right"):
        note = "The model was chosen on the validation period. The test period comes later and was not used."
        period = st.segmented_control(
            "Period", list(PERIODS), default="test", required=True, format_func=PERIODS.__getitem__,
            label_visibility="collapsed", help=note,
        )  # fmt: skip
    _show_table(models, period or "test", curves, live)
    if curves:
        _show_curves(models, curves, rate)


def _show_table(models: list[Json], period: str, curves: Json, live: Figures | None) -> None:
    used = [name for name in METRICS if any((model.get(period) or {}).get(name) is not None for model in models)]
    rows = [_row(model, period, used, curves, live) for model in models]
    rows.sort(key=lambda row: row.get("average_precision") or 0.0, reverse=True)
    height: Any = "content" if len(rows) <= 12 else 460
    st.dataframe(
        rows, hide_index=True, height=height, column_config=_column_config(used), alt="Models and their metrics"
    )


def _row(model: Json, period: str, used: list[str], curves: Json, live: Figures | None) -> Json:
    metrics, curve = model.get(period) or {}, curves.get(model["name"])
    return {
        "model": _title(model),
        "chosen": "Live" if model.get("chosen") else "",
        "here": formatting.hundredths(_recall_at(model, curve, live)),
        **{name: metrics.get(name) for name in used},
        "train_s": model.get("train_s"),
    }


def _recall_at(model: Json, curve: Json | None, live: Figures | None) -> float | None:
    """Return the recall of a model where the live one has its threshold: the live one's own, or that of its curve."""
    if live is None or live.false_positive_rate is None or curve is None:
        return None
    return live.recall if model.get("chosen") else height_at(curve["roc"], live.false_positive_rate)


def height_at(points: Points, x: float) -> float:
    """Return the height of a rising line of (x, y) points at ``x``, between points as they are joined."""
    place = bisect_right([point[0] for point in points], x)
    if place in (0, len(points)):
        return float(points[min(place, len(points) - 1)][1])
    (left, low), (right, high) = points[place - 1], points[place]
    return float(low + (high - low) * (x - left) / (right - left))


def _title(model: Json) -> str:
    return str(model.get("title") or model.get("name"))


def _column_config(used: list[str]) -> dict[str, Any]:
    column = st.column_config
    metrics = {
        name: column.ProgressColumn(METRICS[name][0], help=METRICS[name][1], format="%.3f", min_value=0, max_value=1)
        for name in used
    }
    note = "Share of fraud caught in the test period at the false positive rate of your threshold."
    return {
        "model": column.TextColumn("Model", width="medium"),
        "chosen": column.TextColumn("Status", help="Live: this model scores new events.", width=80),
        "here": column.ProgressColumn(
            "Recall at threshold", help=note, format=formatting.PERCENT_FORMAT, min_value=0, max_value=100
        ),
        **metrics,
        "train_s": column.NumberColumn("Training", help="Time to train, in seconds.", format="%.1f s", width=80),
    }


def _show_curves(models: list[Json], curves: Json, rate: float | None) -> None:
    titles = [_title(model) for model in models if model["name"] in curves]
    option, zoom = st.columns([3, 2], vertical_alignment="bottom")
    shown = titles
    if len(titles) > 1:
        with option:
            shown = (
                st.pills("Curves", titles, selection_mode="multi", default=titles[:MAX_DEFAULT_CURVES], key="curves")
                or titles[:1]
            )
    with zoom, st.container(horizontal=True, horizontal_alignment="right"):
        note = "Useful thresholds flag few legitimate events."
        zoomed = st.toggle("ROC: first 10% of false positives only", value=True, help=note)
    chosen = [model for model in models if model["name"] in curves and _title(model) in shown]
    draw_curves(
        [_curve(model, curves, "roc") for model in chosen],
        [_curve(model, curves, "precision_recall") for model in chosen],
        LOW_RATES if zoomed else 1.0,
        rate,
    )


def _curve(model: Json, curves: Json, kind: str) -> Curve:
    return Curve(_title(model), curves[model["name"]][kind], bool(model.get("chosen")))


def draw_curves(roc: Sequence[Curve], precision_recall: Sequence[Curve], x_max: float, rate: float | None) -> None:
    """Show ROC curves, up to a false positive rate, beside precision-recall curves; ``rate`` is marked."""
    left, right = st.columns(2, gap="large")
    with left:
        note = "Share of fraud caught by share of legitimate events flagged. Dashed line: your threshold."
        st.subheader("ROC", anchor=False, help=note)
        chart = curves_chart(roc, "False positive rate", "Recall", x_max, mark=rate)
        show_chart(chart, alt="ROC curve of every model")
    with right:
        st.subheader("Precision and recall", anchor=False, help="Precision at each level of recall.")
        chart = curves_chart(precision_recall, "Recall", "Precision")
        show_chart(chart, alt="Precision-recall curve of every model")
