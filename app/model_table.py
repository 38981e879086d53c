"""The models that were trained, side by side."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.client import Json

METRICS = {
    "auc": ("ROC AUC", "The chance that a fraud scores higher than a legitimate event. 0.5 is guessing."),
    "average_precision": (
        "Average precision",
        "The area under the precision-recall curve: the one to watch.",
    ),
    "recall_at_1pct_fpr": (
        "Recall at 1 % FP",
        "Share of frauds caught while 1 % of legitimate events are flagged.",
    ),
    "card_precision": ("Card precision", "Share of frauds among the 100 most suspicious customers of each day."),
}


def show_models(models: list[Json], period: str) -> None:
    """Show one row per model with its metrics in ``period`` (``test`` or ``validation``), the best first."""
    used = [name for name in METRICS if any((model.get(period) or {}).get(name) is not None for model in models)]
    rows = [_row(model, period, used) for model in models]
    rows.sort(key=lambda row: row.get("average_precision") or 0.0, reverse=True)
    st.dataframe(
        rows,
        hide_index=True,
        height="content",
        column_config=_column_config(used),
        alt="The models and their metrics",
    )


def _row(model: Json, period: str, used: list[str]) -> Json:
    metrics = model.get(period) or {}
    return {
        "model": str(model.get("title") or model.get("name")),
        "chosen": "Decides" if model.get("chosen") else "",
        **{name: metrics.get(name) for name in used},
        "train_s": model.get("train_s"),
    }


def _column_config(used: list[str]) -> dict[str, Any]:
    column = st.column_config
    metrics = {
        name: column.ProgressColumn(METRICS[name][0], help=METRICS[name][1], format="%.3f", min_value=0, max_value=1)
        for name in used
    }
    return {
        "model": column.TextColumn("Model", width="medium"),
        "chosen": column.TextColumn("In use", help="The model whose scores decide.", width=80),
        **metrics,
        "train_s": column.NumberColumn("Training", help="Time to train, in seconds.", format="%.1f s", width=80),
    }
