"""Charts shared by several pages, as Altair specifications, and their display.

Colors and fonts come from Streamlit's theme. Charts are shown without validation against Vega-Lite's schema, which
takes longer than making them. Tests validate them: they set ``CHECKED``.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeAlias

import altair
import altair as alt
import streamlit as st
from altair.utils import schemapi

from app.api.detector import Detector
from app.components.outcome_card import tone_of
from app.ui import formatting

Chart: TypeAlias = Any  # Altair ships no types that mypy --strict takes
Points: TypeAlias = Sequence[Sequence[float]]

COLORS = {"All": "#5b8def", "Legitimate": "#5b8def", "Fraud": "#e0525c"}
RULE = "#c2710c"
# Of outcomes, from the mildest to the strongest.
TONES = {"go": "#17916a", "look": "#d9822b", "stop": "#e0525c"}
CHECKED = False


@dataclass(frozen=True)
class Curve:
    """One model's line: ``points`` are (x, y) pairs between 0 and 1."""

    name: str
    points: Points
    chosen: bool


@dataclass(frozen=True)
class Histogram:
    """Counts per range of scores; ``edges`` is one longer than each of the series, which go by a name of COLORS."""

    edges: Sequence[float]
    series: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Mark:
    """A vertical line at a score, with a name."""

    name: str
    score: int


def inline(rows: Sequence[Mapping[str, Any]]) -> Chart:
    """Return rows as a chart's own data. A tuple: Altair copies lists whole at each step, and these never change."""
    return alt.Data(values=tuple(rows))


def one_or_other(channel: Chart, test: str, one: float, other: float) -> Chart:
    """Return a channel that has one value where a test of the row holds, and the other where not.

    Channels that are made, unlike names and `alt.condition`, spare Altair the search for what they mean.
    """
    return channel(other, condition={"test": test, "value": one})


def curves_chart(
    curves: Sequence[Curve], x_title: str, y_title: str, x_max: float = 1.0, mark: float | None = None
) -> Chart:
    """Return one line per model over shares from 0 to ``x_max``, with a tooltip at the nearest point.

    A dashed line stands at ``mark``, where it is not None.
    """
    rows = [
        {"model": curve.name, "chosen": curve.chosen, "x": x, "y": y}
        for curve in curves
        for x, y in curve.points[: _count_up_to(curve.points, x_max)]
    ]
    order = [curve.name for curve in curves]
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("x:Q", title=x_title, scale=alt.Scale(domain=[0, x_max]), axis=alt.Axis(format="~%", tickCount=6)),
        y=alt.Y("y:Q", title=y_title, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="~%", tickCount=5)),
        color=alt.Color("model:N", title=None, sort=order, legend=alt.Legend(orient="bottom")),
    )
    nearest = alt.selection_point(nearest=True, on="pointerover", empty=False, clear="pointerout")
    lines = base.mark_line(clip=True, interpolate="linear").encode(
        strokeWidth=one_or_other(alt.StrokeWidthValue, "datum.chosen", 3, 1.5), order=alt.Order("x:Q")
    )
    tooltip = [
        alt.Tooltip("model:N", title="Model"),
        alt.Tooltip("x:Q", title=x_title, format=".2%"),
        alt.Tooltip("y:Q", title=y_title, format=".1%"),
    ]
    points = (
        base.transform_filter(f"datum.x <= {x_max}")
        .mark_point(size=70, filled=True, clip=True)
        .encode(
            opacity=alt.OpacityValue(0, condition={"param": nearest.name, "empty": False, "value": 1}), tooltip=tooltip
        )
    )
    layers = [lines, points.add_params(nearest)]
    if mark is not None and mark <= x_max:
        line = alt.Chart(inline([{"x": mark}])).mark_rule(color=RULE, strokeDash=[4, 3], strokeWidth=1.5)
        layers.append(line.encode(x=alt.X("x:Q")))
    return alt.layer(*layers).properties(height=300)


def _count_up_to(points: Points, x_max: float) -> int:
    """Return how many points draw the line up to ``x_max``: those before it, and the one after."""
    xs = [point[0] for point in points]
    return len(xs) if xs != sorted(xs) else bisect_right(xs, x_max) + 1


def score_histogram(histogram: Histogram, marks: Sequence[Mark], noun: str, log: bool = False) -> Chart:
    """Return bars of counts per range of scores, one series behind the other, narrower toward the front.

    ``noun`` names what is counted, in the plural. ``marks`` are drawn as dashed lines.
    """
    names = list(histogram.series)
    color = alt.Color(
        "series:N",
        title=None,
        scale=alt.Scale(domain=names, range=[COLORS[name] for name in names]),
        legend=alt.Legend(orient="bottom") if len(names) > 1 else None,
    )
    counted = noun[:1].upper() + noun[1:]
    y = alt.Y("count:Q", stack=None, title=counted, scale=alt.Scale(), axis=alt.Axis(tickCount=5))
    if log:
        ticks = alt.Axis(values=[0, *(10**power for power in range(8))])
        y = alt.Y(
            "count:Q",
            stack=None,
            title=f"{counted} (log scale)",
            scale=alt.Scale(type="symlog", constant=1),
            axis=ticks,
        )
    bars = [_bars(histogram, name).encode(y=y, color=color) for name in names]
    return alt.layer(*bars, *_marks(marks)).properties(height=260)


def _bars(histogram: Histogram, name: str) -> Chart:
    edges, depth = histogram.edges, list(histogram.series).index(name)
    rows = []
    for low, high, number in zip(edges, edges[1:], histogram.series[name], strict=False):
        inset = (high - low) * (0.06 + 0.22 * depth)
        place = {"from": low + inset, "to": high - inset, "range": f"{low:g} to {high:g}"}
        rows.append({"series": name, "count": number, **place})
    axis = alt.Axis(tickCount=10)
    return (
        alt.Chart(inline(rows))
        .mark_bar(cornerRadiusEnd=2, binSpacing=0)
        .encode(
            x=alt.X("from:Q", title="Score", bin="binned", scale=alt.Scale(domain=[0, 1000], nice=False), axis=axis),
            x2=alt.X2("to:Q"),
            tooltip=[
                alt.Tooltip("range:N", title="Score"),
                alt.Tooltip("series:N", title="Kind"),
                alt.Tooltip("count:Q", title="Number", format=","),
            ],
        )
    )


def _marks(marks: Sequence[Mark]) -> list[Chart]:
    """Return the lines and their names; neighbors' names stand at different heights above the plot."""
    layers = []
    for place, mark in enumerate(marks):
        base = alt.Chart(inline([{"score": mark.score, "name": f"{mark.name} {mark.score}"}]))
        x = alt.X("score:Q", scale=alt.Scale(domain=[0, 1000], nice=False))
        layers.append(base.mark_rule(color=RULE, strokeDash=[4, 3], strokeWidth=1.5).encode(x=x))
        text = base.mark_text(align="right", baseline="bottom", dx=4, color=RULE, fontSize=12, fontWeight=600)
        layers.append(text.encode(x=x, y=alt.YValue(-4 - 14 * place), text=alt.Text("name:N")))
    return layers


# Streamlit loads it for the first chart, and Altair looks at what is there of it, even while another page loads it.
import_module("pandas")
# Streamlit's own theme is put on in the browser.
altair.theme.enable("none")
schemapi.disable_debug_mode()


def load_charts_ahead() -> None:
    """Let the browser load the chart library while the API loads the data."""
    with st.container(key="charts-ahead"):
        st.vega_lite_chart({"mark": "point", "data": {"values": [{}]}}, width=1, height=1)


def show_chart(chart: Chart, alt: str) -> None:
    """Show a chart over the whole width; ``alt`` is its text for screen readers."""
    st.vega_lite_chart(chart.to_dict(validate=CHECKED), width="stretch", alt=alt)


@dataclass(frozen=True)
class Share:
    """One outcome's ``share`` (0 to 1) of one whole, and its value as text."""

    whole: str
    outcome: str
    share: float
    said: str


def shares_chart(detector: Detector, shares: Sequence[Share]) -> Chart:
    """Return one stacked bar for each whole."""
    order = list(dict.fromkeys(one.outcome for one in shares))
    rows = [
        {
            "whole": one.whole, "outcome": formatting.title(one.outcome), "share": one.share, "said": one.said,
            "place": order.index(one.outcome),
        }
        for one in shares
    ]  # fmt: skip
    scale = alt.Scale(
        domain=[formatting.title(name) for name in order], range=[TONES[tone_of(n, detector)] for n in order]
    )
    bars = alt.Chart(inline(rows)).mark_bar(size=34, opacity=0.88)
    return bars.encode(
        y=alt.Y("whole:N", title=None, sort=None, axis=alt.Axis(ticks=False, domain=False, labelFontSize=13)),
        x=alt.X("share:Q", title=None, stack="zero", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="~%")),
        color=alt.Color("outcome:N", title=None, scale=scale, legend=alt.Legend(orient="bottom", symbolType="square")),
        order=alt.Order("place:Q"),
        tooltip=[
            alt.Tooltip("whole:N", title="Of"),
            alt.Tooltip("outcome:N", title="Outcome"),
            alt.Tooltip("share:Q", title="Share", format=".2%"),
            alt.Tooltip("said:N", title="Total"),
        ],
    ).properties(height=200)
