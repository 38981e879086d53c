"""Importance of features and reasons: a table by three measures, and charts of the effect of values and segments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from app.api.client import Json
from app.components.charts import COLORS, RULE, Chart, inline
from app.ui import formatting

WHOSE = {"All payments": "#5b8def", "Frauds": "#e0525c"}
# Contributions are drawn in doublings of the odds, and written as what they multiply the odds by.
ODDS = "(datum.value < 0 ? '÷' : '×') + format(pow(2, abs(datum.value)), '.2~r')"
_BAND = 0.22
MAX_FEATURES = 30


def doublings(contribution: float) -> float:
    """Return a contribution in log-odds as doublings of the odds of fraud; negative for halvings."""
    return contribution / math.log(2)


def groups_chart(groups: Sequence[Json]) -> Chart:
    """Return bars of the effect of each group on scores, for all payments and for fraud."""
    rows = [
        {"group": group["name"], "whose": whose, "size": doublings(group[name]), "odds": formatting.factor(group[name])}
        for group in groups
        for whose, name in zip(WHOSE, ("mean_absolute", "mean_absolute_of_frauds"), strict=True)
        if group[name] is not None
    ]
    return (
        alt.Chart(inline(rows))
        .mark_bar(cornerRadiusEnd=2)
        .encode(
            x=alt.X("size:Q", title="Effect on the odds of fraud", axis=alt.Axis(tickCount=5, labelExpr=ODDS)),
            y=alt.Y("group:N", title=None, sort=[group["name"] for group in groups], axis=alt.Axis(labelLimit=330)),
            yOffset=alt.YOffset("whose:N", sort=list(WHOSE)),
            color=alt.Color(
                "whose:N",
                title=None,
                sort=list(WHOSE),
                scale=alt.Scale(domain=list(WHOSE), range=list(WHOSE.values())),
                legend=alt.Legend(orient="bottom"),
            ),
            tooltip=[
                alt.Tooltip("group:N", title="Reason"),
                alt.Tooltip("whose:N", title="Payments"),
                alt.Tooltip("odds:N", title="Odds of fraud"),
            ],
        )
        .properties(height=alt.Step(13))
    )


def dependence_chart(dependence: Json, logarithmic: bool) -> Chart:
    """Return the effect of each value on the odds: past events as points, the mean as a line, most as a band."""
    bins = [one for one in dependence["bins"] if one["low"] is not None]
    x_scale = alt.Scale(type="symlog", constant=_smallest(bins)) if logarithmic else alt.Scale(zero=False)
    x = alt.X("value:Q", title=dependence["description"], scale=x_scale, axis=alt.Axis(tickCount=8, format=",.6~g"))
    y = alt.Y("effect:Q", title="Effect on the odds of fraud", axis=alt.Axis(tickCount=6, labelExpr=ODDS))
    means = [
        {
            "value": (one["low"] + one["high"]) / 2,
            "effect": doublings(one["mean"]),
            "odds": formatting.factor(one["mean"]),
            "low": doublings(one["tenth"]),
            "high": doublings(one["ninetieth"]),
            "range": f"{one['low']:.4g} to {one['high']:.4g}" if one["low"] != one["high"] else f"{one['low']:.4g}",
            "frauds": one["frauds"],
            "events": one["events"],
        }
        for one in bins
    ]
    base = alt.Chart(inline(means)).encode(x=x)
    band = base.mark_area(opacity=_BAND, color=RULE).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    line = base.mark_line(color=RULE, strokeWidth=2.5).encode(y=y)
    tooltip = [
        alt.Tooltip("range:N", title="Values"),
        alt.Tooltip("odds:N", title="Odds of fraud"),
        alt.Tooltip("frauds:Q", title="Share of fraud", format=".2%"),
        alt.Tooltip("events:Q", title="Payments", format=",.0f"),
    ]
    knots = base.mark_point(filled=True, color=RULE, size=36, opacity=1).encode(y=y, tooltip=tooltip)
    zero = alt.Chart(inline([{"effect": 0}])).mark_rule(strokeDash=[2, 3], opacity=0.5).encode(y=alt.Y("effect:Q"))
    return alt.layer(zero, band, _points(dependence["points"], x, y), line, knots).properties(height=340)


def _points(points: Sequence[Json], x: Chart, y: Chart) -> Chart:
    rows = [
        {
            "value": point["value"],
            "effect": doublings(point["contribution"]),
            "label": "Fraud" if point["label"] == "fraud" else "Legitimate",
        }
        for point in points
        if point["value"] is not None
    ]
    names = ["Legitimate", "Fraud"]
    scale = alt.Scale(domain=names, range=[COLORS[name] for name in names])
    return (
        alt.Chart(inline(rows))
        .mark_point(filled=True, opacity=0.5, size=28)
        .encode(
            x=x,
            y=y,
            color=alt.Color("label:N", title=None, sort=names, scale=scale, legend=alt.Legend(orient="bottom")),
            shape=alt.Shape("label:N", sort=names, scale=alt.Scale(domain=names, range=["circle", "triangle-up"])),
        )
    )


def spans_magnitudes(dependence: Json) -> bool:
    """Return whether the values of a feature need a logarithmic scale."""
    values = [abs(one["high"]) for one in dependence["bins"] if one["high"]]
    return len(values) > 2 and max(values) > 50 * sorted(values)[len(values) // 2]


def _smallest(bins: Sequence[Json]) -> float:
    """Return the value where the logarithmic scale begins: a tenth of the median value, at least a thousandth."""
    sizes = sorted(abs(one["high"]) for one in bins if one["high"])
    return max(sizes[len(sizes) // 2] / 10, 1e-3) if sizes else 1.0


def segments_chart(segments: Sequence[Json], groups: Sequence[tuple[int, str]], *, dark: bool) -> Chart:
    """Return a heat map: the effect of each of ``groups``, place and name, on scores in each segment.

    Vega's texts have one color; ``dark`` selects a readable one.
    """
    rows = [
        {
            "segment": segment["name"],
            "group": name,
            "size": doublings(segment["groups"][place]),
            "odds": formatting.factor(segment["groups"][place]),
        }
        for segment in segments
        for place, name in groups
    ]
    peak = max((row["size"] for row in rows), default=1.0)
    order = [segment["name"] for segment in segments]
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("segment:N", title=None, sort=order, axis=alt.Axis(orient="top", labelAngle=0, labelLimit=110)),
        y=alt.Y("group:N", title=None, sort=[name for _, name in groups], axis=alt.Axis(labelLimit=330)),
    )
    shades = base.mark_rect(cornerRadius=3).encode(
        opacity=alt.Opacity("size:Q", scale=alt.Scale(domain=[0, peak], range=[0.04, 0.9]), legend=None),
        color=alt.ColorValue(COLORS["All"]),
        tooltip=[
            alt.Tooltip("group:N", title="Reason"),
            alt.Tooltip("segment:N", title="Segment"),
            alt.Tooltip("odds:N", title="Odds of fraud"),
        ],
    )
    return alt.layer(
        shades, base.mark_text(fontSize=12, color="#f2f5fa" if dark else "#18212f").encode(text=alt.Text("odds:N"))
    ).properties(height=alt.Step(30))


CONTRIBUTION_HELP = (
    "Mean absolute contribution: how much the feature moves a score, up or down, averaged over past payments. "
    "Exact, as a factor on the odds of fraud: ×2 means that it doubles or halves them."
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
            "contribution": math.exp(feature["mean_absolute"]),
            "drop": None,
            "gain": None,
        }
    for item in (importance or {}).get("features") or ():
        (name,) = item["features"]
        row = rows.setdefault(name, {"feature": name, "description": item["name"], "contribution": None})
        row.update(drop=item["drop"], gain=formatting.hundredths(item["gain"]))
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

    def bar(name: str, title: str, note: str, form: str, least: float = 0.0) -> Any:  # noqa: ANN401 - Streamlit's own type
        peak = max((row[name] or 0.0 for row in rows), default=0.0)
        most = peak if peak > least else least + 1.0
        return column.ProgressColumn(title, help=note, format=form, min_value=least, max_value=most, width=92)

    return {
        "description": column.TextColumn("Feature", width=310),
        "contribution": bar("contribution", "Effect", CONTRIBUTION_HELP, "×%.2f", 1.0),
        "drop": bar("drop", "Permutation", DROP_HELP, "%.3f"),
        "gain": bar("gain", "Gain", GAIN_HELP, formatting.PERCENT_FORMAT),
    }
