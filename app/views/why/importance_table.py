"""Importance table: the most important features by three measures."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.api.client import Json
from app.views.why.charts import doublings

MAX_FEATURES = 30
CONTRIBUTION_HELP = (
    "Mean absolute contribution: how much the feature moves a score, up or down, averaged over past payments. "
    "Exact, in doublings of the odds of fraud: 1 means that it doubles or halves them."
)
DROP_HELP = (
    "Permutation importance: how much average precision falls when the feature's values are shuffled. "
    "Near 0, other features carry the same information. Tested for the features with the largest gain."
)
GAIN_HELP = (
    "Gain: the feature's share of the total gain of splits or weights in training. "
    "It favors features with many values and does not measure results on later payments."
)


def join_importance(contributions: Json | None, importance: Json | None) -> list[Json]:
    """Return one row per feature with the three measures, None if unknown, the largest first."""
    rows: dict[str, Json] = {}
    for feature in (contributions or {}).get("features") or ():
        rows[feature["name"]] = {
            "feature": feature["name"],
            "description": feature["description"],
            "contribution": doublings(feature["mean_absolute"]),
            "drop": None,
            "gain": None,
        }
    for item in (importance or {}).get("features") or ():
        (name,) = item["features"]
        row = rows.setdefault(name, {"feature": name, "description": item["name"], "contribution": None})
        row.update(drop=item["drop"], gain=item["gain"])
    found = sorted(rows.values(), key=lambda row: (-(row["contribution"] or 0.0), -(row["drop"] or 0.0)))
    return found[:MAX_FEATURES]


def show_importance(rows: list[Json]) -> str | None:
    """Show the table; return the feature of the selected row, None if no row is selected."""
    known = [name for name in ("contribution", "drop", "gain") if any(row[name] is not None for row in rows)]
    chosen: Any = st.dataframe(
        [{"description": row["description"], **{name: row[name] for name in known}} for row in rows],
        hide_index=True,
        height=388,
        row_height=32,
        column_config=_columns(rows),
        on_select="rerun",
        selection_mode="single-row",
        key="important",
        alt="Most important features by each measure",
    )
    selected = chosen["selection"]["rows"]
    return str(rows[selected[0]]["feature"]) if selected and selected[0] < len(rows) else None


def _columns(rows: list[Json]) -> dict[str, Any]:
    column = st.column_config

    def bar(name: str, title: str, note: str, form: str) -> Any:  # noqa: ANN401 - Streamlit's own type
        peak = max((row[name] or 0.0 for row in rows), default=0.0) or 1.0
        return column.ProgressColumn(title, help=note, format=form, min_value=0, max_value=peak, width=92)

    return {
        "description": column.TextColumn("Feature", width=300),
        "contribution": bar("contribution", "Contribution", CONTRIBUTION_HELP, "%.2f"),
        "drop": bar("drop", "Permutation", DROP_HELP, "%.3f"),
        "gain": bar("gain", "Gain", GAIN_HELP, "percent"),
    }
