"""Details of a decision below its card: exceptions, the stored record, and the label."""

from __future__ import annotations

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.ui import formatting
from app.ui.html import html_table
from app.ui.page import in_markdown, problems_shown

LABELS = {"fraud": "Fraud", "legitimate": "Legitimate"}
STEPS = {
    "read": "Reading profiles",
    "decide": "Features, model and rules",
    "explain": "Reasons",
    "write": "Saving",
    "total": "Total",
}


def show_exceptions(decision: Json) -> None:
    """Show missing data, the effect of the block limit, and a corrected time."""
    degraded = decision.get("degraded")
    if isinstance(degraded, dict):
        missing = ", ".join(str(name) for name in degraded.get("missing") or ())
        st.warning(
            in_markdown(f"This decision was made without all its data. Missing: {missing}."), icon=":material/warning:"
        )
    if decision.get("braked"):
        st.warning("This would have been blocked, but the block limit was reached.", icon=":material/speed:")
    skew = decision.get("clock")
    if isinstance(skew, dict):
        st.warning(
            f"The event's time, {formatting.moment(skew.get('given'))}, is in the future. The decision used "
            f"{formatting.moment(skew.get('used'))} instead. Check the sender's clock and time zone.",
            icon=":material/schedule:",
        )


def show_record(detector: Detector, decision: Json, answer: Json) -> None:
    """Show the stored record and the time of each step; ``answer`` is empty for an earlier decision."""
    noun = detector.event_name
    st.caption(
        in_markdown(
            f"Event {decision.get('event_id')}, decided {formatting.moment(decision.get('decided_at'))} by detector "
            f"version {decision.get('detector_version')}. If the same event ID is sent again, it gets the same "
            "decision and counts once."
        )
    )
    timings = answer.get("timings_ms") or {}
    if not timings:
        st.caption(f"Timings are not stored. They are shown only right after you score a {noun} here.")
        return
    rows = [[name, formatting.milliseconds(timings[step])] for step, name in STEPS.items() if step in timings]
    st.html(html_table("Time inside the API", ["Step", "Time"], rows))
    st.caption("Time inside the API, from reading profiles to saving the decision. Network time is not included.")


def show_label(api: Api, decision: Json) -> bool:
    """Let the analyst label the event, and show an earlier label; return whether it was labeled."""
    event_id = str(decision.get("event_id") or "")
    known = decision.get("label")
    question = "**Label this event**"
    if isinstance(known, dict):
        question = f"Labeled **{known.get('label')}** since {formatting.moment(known.get('known_at'), time=False)}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, key="label"):
        st.markdown(question, width="stretch", help="A label updates the profiles and is used in the next training.")
        pressed = [label for label in LABELS if st.button(LABELS[label], key=f"label-{label}")]
    labelled = False
    for label in pressed:
        with problems_shown():
            already = api.label(event_id, label).get("status") == "unchanged"
            st.success("It already has this label." if already else f"Labeled as {label}.", icon=":material/check:")
            labelled = True
    return labelled
