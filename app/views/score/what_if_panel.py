"""Panel with what-if scores, as one variable of the payment changes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.chart_display import show_chart
from app.components.score_curve import score_curve
from app.components.what_if_axes import Axis, axes_of
from app.ui import formatting
from app.views.score.event_form import change_form

AXIS_KEY = "move"


def choose_axis(detector: Detector, event: Json) -> Axis | None:
    """Let the reader choose the variable to change; None if there is none."""
    axes = {axis.title: axis for axis in axes_of(detector, event)}
    if not axes:
        return None
    if st.session_state.get(AXIS_KEY) not in axes:
        st.session_state[AXIS_KEY] = next(iter(axes))
    title = st.pills("Variable", list(axes), key=AXIS_KEY, required=True, label_visibility="collapsed")
    return axes[title or next(iter(axes))]


def chosen_axis(detector: Detector, event: Json) -> Axis | None:
    """Return the chosen axis, before its widget is shown."""
    axes = {axis.title: axis for axis in axes_of(detector, event)}
    return axes.get(st.session_state.get(AXIS_KEY, ""), next(iter(axes.values()), None))


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
