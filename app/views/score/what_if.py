"""What-if panel: scores as one variable of the payment changes.

The chart has the outcomes as bands and the payment marked.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence

import altair as alt
import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.charts import TONES, Chart, inline, one_or_other, show_chart
from app.components.outcome_card import tone_of
from app.ui import formatting
from app.views.score.form import change_form
from app.views.score.what_if_axes import Axis, choose_axis

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
    domain = [0, math.ceil(max(places))] if axis.scale == "linear" else [min(places), max(places)]
    ticks = list(range(0, 25, 3)) if axis.scale == "linear" else _powers(domain[1])
    labels = alt.Axis(values=ticks, format=",.10~g", grid=False)
    if axis.scale == "linear":
        hours = {f"{point.place:g}": point.label for point in axis.points}
        labels = alt.Axis(values=ticks, labelExpr=f"{hours}[datum.value] || '24:00'", grid=False)
    x = alt.X("place:Q", title=axis.axis_title, axis=labels, scale=_x_scale(axis, domain))
    base = alt.Chart(inline(rows)).encode(x=x, y=_y(detector), tooltip=_tooltip(axis.title))
    line = base.mark_line(color=LINE, strokeWidth=2, interpolate="linear")
    points = base.mark_point(filled=True, size=36, opacity=1).encode(color=_color(detector))
    here = base.transform_filter("datum.here")
    marker = alt.Chart(inline([row for row in rows if row["here"]])).mark_rule(strokeDash=[4, 3], color=LINE)
    marker = marker.encode(x=x)
    dot = here.mark_point(filled=True, size=190, opacity=1, stroke=LINE, strokeWidth=2).encode(color=_color(detector))
    name = here.mark_text(dy=-14, fontWeight=600, fontSize=13, color=LINE).encode(text=alt.Text("score:Q"))
    return alt.layer(*_bands(detector), marker, line, points, dot, name).properties(height=_HEIGHT)


def _names(detector: Detector, rows: list[Json]) -> Chart:
    """Return one bar for each name, the highest score first; the payment's own is outlined."""
    order = [row["label"] for row in sorted(rows, key=lambda row: -int(row["score"]))]
    y = alt.Y("label:N", title=None, sort=order, axis=alt.Axis(labelLimit=220, labelOverlap=False))
    x = alt.X("score:Q", title="Score", scale=_Y_SCALE, axis=alt.Axis(values=_score_ticks(detector), grid=True))
    base = alt.Chart(inline(rows)).encode(y=y, x=x, tooltip=_tooltip("Value"))
    bars = base.mark_bar(cornerRadiusEnd=3, opacity=0.85).encode(
        color=_color(detector),
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


def _color(detector: Detector) -> alt.Color:
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
        color = TONES[tone_of(outcome.name, detector)]
        band = alt.Chart(inline([{"low": low, "high": high}])).mark_rect(color=color, opacity=0.11)
        layers.append(band.encode(y=_y(detector, "low:Q"), y2=alt.Y2("high:Q")))
    return layers


def show_panel(detector: Detector, event: Json, supposed: Sequence[Json]) -> None:
    """Show the chart of ``supposed``, the answers along the axis, and a slider that changes the payment itself."""
    noun = detector.event_name
    axis = choose_axis(detector, event)
    if axis is None or len(axis.points) != len(supposed):
        st.caption(f"Fill in an amount or a time for this {noun} to see how they change the score.")
        return
    if axis.scale != "names" and axis.here is not None:
        _show_slider(detector, axis)
    scores = [answer["score"] for answer in supposed if answer.get("score") is not None]
    spread = f"between {min(scores)} and {max(scores)}" if scores else "unknown"
    show_chart(
        score_curve(detector, axis, supposed),
        alt=f"Score by {axis.title.lower()}: {spread}; outcomes as bands, this {noun} marked",
    )
    st.caption(
        "Everything else is held constant, including all profiles. Dot color: outcome, rules included. "
        "Nothing is saved."
    )


def _show_slider(detector: Detector, axis: Axis) -> None:
    labels = {point.label: point for point in axis.points}
    here = next((point.label for point in axis.points if point.place == axis.here), None)
    if here is None:
        return
    key = f"slide-{axis.title}"
    st.session_state[key] = here

    def slide() -> None:
        change_form(detector, labels[st.session_state[key]].changes)

    st.select_slider(axis.title, list(labels), key=key, on_change=slide, label_visibility="collapsed")


def ask_what_if(api: Api, event: Json, event_id: str | None, axis: Axis | None) -> Json:
    """Return what would be decided on the event, with reasons and histories, and on each point of the axis."""
    question: Json = {
        "event": event,
        "variants": [point.changes for point in axis.points] if axis else [],
        "reasons": "all",
        "histories": True,
    }
    if event_id is not None:
        question["event_id"] = event_id
    return _load(api.url, json.dumps(question, sort_keys=True), api)


# Profiles change as payments arrive: the same question soon after gets the same answer.
@st.cache_data(ttl=20, max_entries=256, show_spinner=False)
def _load(url: str, question: str, _api: Api) -> Json:  # noqa: ARG001 - the URL is part of the cache's key
    return _api.what_if(json.loads(question))


def forget_answers() -> None:
    """Clear the cache: a payment was saved."""
    _load.clear()


def describe_change(then: Json, now: Json) -> str:
    """Return how a score differs from the decided one."""
    if then.get("score") is None or now.get("score") is None:
        return ""
    change = int(now["score"]) - int(then["score"])
    words = f"{abs(change)} {'higher' if change > 0 else 'lower'} than" if change else "the same score as"
    outcome = formatting.title(str(then["outcome"]))
    return f"{words} the original {then['score']} ({outcome})"
