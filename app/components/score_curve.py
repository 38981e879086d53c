"""Score curve over one variable, with the outcomes as bands and the payment marked."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import altair as alt

from app.api.client import Json
from app.api.detector import Detector
from app.components.charts import Chart, inline, one_or_other
from app.components.outcome_card import tone_of
from app.components.what_if_axes import Axis
from app.ui import formatting

TONES = {"go": "#17916a", "look": "#d9822b", "stop": "#e0525c"}
LINE = "#7d8ba1"
# Thresholds lie close together at the upper end: there the axis is stretched.
_Y_SCALE = alt.Scale(type="pow", exponent=2.5, domain=[0, 1000], nice=False)
_HEIGHT = 290


def score_curve(detector: Detector, axis: Axis, supposed: Sequence[Json]) -> Chart:
    """Return the chart of one answer for each point of the axis; answers without a score are left out."""
    rows = [
        {
            "place": point.place,
            "label": point.label,
            "score": answer["score"],
            "probability": answer.get("probability"),
            "outcome": formatting.title(str(answer["outcome"])),
            "here": axis.here is not None and point.place == axis.here,
        }
        for point, answer in zip(axis.points, supposed, strict=True)
        if answer.get("score") is not None
    ]
    return _names(detector, rows) if axis.scale == "names" else _curve(detector, axis, rows)


def _curve(detector: Detector, axis: Axis, rows: list[Json]) -> Chart:
    places = [point.place for point in axis.points]
    domain = [0, 24] if axis.scale == "linear" else [min(places), max(places)]
    ticks = list(range(0, 25, 3)) if axis.scale == "linear" else _powers(domain[1])
    labels = alt.Axis(values=ticks, format=",.10~g", grid=False)
    x = alt.X("place:Q", title=axis.axis_title, axis=labels, scale=_x_scale(axis, domain))
    base = alt.Chart(inline(rows)).encode(x=x, y=_y(detector), tooltip=_tooltip(axis.title))
    line = base.mark_line(color=LINE, strokeWidth=2, interpolate="linear")
    points = base.mark_point(filled=True, size=36, opacity=1).encode(color=_colour(detector))
    here = base.transform_filter("datum.here")
    marker = alt.Chart(inline([row for row in rows if row["here"]])).mark_rule(strokeDash=[4, 3], color=LINE)
    marker = marker.encode(x=x)
    dot = here.mark_point(filled=True, size=190, opacity=1, stroke=LINE, strokeWidth=2).encode(color=_colour(detector))
    name = here.mark_text(dy=-14, fontWeight=600, fontSize=13, color=LINE).encode(text=alt.Text("score:Q"))
    return alt.layer(*_bands(detector), marker, line, points, dot, name).properties(height=_HEIGHT)


def _names(detector: Detector, rows: list[Json]) -> Chart:
    """Return one bar for each name, the highest score first; the payment's own is outlined."""
    order = [row["label"] for row in sorted(rows, key=lambda row: -int(row["score"]))]
    y = alt.Y("label:N", title=None, sort=order, axis=alt.Axis(labelLimit=220, labelOverlap=False))
    x = alt.X("score:Q", title="Score", scale=_Y_SCALE, axis=alt.Axis(values=_score_ticks(detector), grid=True))
    base = alt.Chart(inline(rows)).encode(y=y, x=x, tooltip=_tooltip("Value"))
    bars = base.mark_bar(cornerRadiusEnd=3, opacity=0.85).encode(
        color=_colour(detector),
        strokeWidth=one_or_other(alt.StrokeWidthValue, "datum.here", 2.5, 0),
        stroke=alt.StrokeValue(LINE),
    )
    text = (
        base.mark_text(align="left", dx=5, color=LINE, fontSize=12)
        .encode(text=alt.Text("said:N"))
        .transform_calculate(said="datum.here ? datum.score + ' (this payment)' : '' + datum.score")
    )
    return alt.layer(bars, text).properties(height=24 * len(rows) + 60)


def _x_scale(axis: Axis, domain: Sequence[float]) -> alt.Scale:
    if axis.scale == "linear":
        return alt.Scale(domain=domain, nice=False)
    return alt.Scale(type="symlog", constant=1, domain=domain, nice=False)


def _powers(most: float) -> list[float]:
    return [0, *(base * 10**power for power in range(9) for base in (1, 3) if base * 10**power <= most)]


def _y(detector: Detector, field: str = "score:Q") -> alt.Y:
    axis = alt.Axis(values=_score_ticks(detector), grid=False, labelOverlap=False)
    return alt.Y(field, title="Score", scale=_Y_SCALE, axis=axis)


def _score_ticks(detector: Detector) -> list[int]:
    return sorted({0, 500, 700, *(outcome.from_score for outcome in detector.outcomes)})


def _colour(detector: Detector) -> alt.Color:
    names = detector.outcome_names()
    scale = alt.Scale(
        domain=[formatting.title(name) for name in names], range=[TONES[tone_of(name, detector)] for name in names]
    )
    return alt.Color("outcome:N", title=None, scale=scale, legend=None)


def _tooltip(title: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("label:N", title=title),
        alt.Tooltip("score:Q", title="Score"),
        alt.Tooltip("probability:Q", title="Probability of fraud", format=".2%"),
        alt.Tooltip("outcome:N", title="Outcome"),
    ]


def _bands(detector: Detector) -> list[Chart]:
    """Return the outcomes as bands behind the curve."""
    starts = [outcome.from_score for outcome in detector.outcomes]
    layers = []
    for outcome, (low, high) in zip(detector.outcomes, itertools.pairwise([*starts, 1000]), strict=True):
        colour = TONES[tone_of(outcome.name, detector)]
        band = alt.Chart(inline([{"low": low, "high": high}])).mark_rect(color=colour, opacity=0.11)
        layers.append(band.encode(y=_y(detector, "low:Q"), y2=alt.Y2("high:Q")))
    return layers
