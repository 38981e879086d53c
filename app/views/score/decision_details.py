"""What belongs to a decision beside its card: what was unusual about it, its record, and what it turned out to be."""

from __future__ import annotations

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.ui import formatting
from app.ui.html import html_table
from app.ui.page import in_markdown, problems_shown

LABELS = {"fraud": "Fraud", "legitimate": "Legitimate"}
STEPS = {
    "read": "Reading histories",
    "decide": "Features, model and rules",
    "explain": "Reasons",
    "write": "Recording",
    "total": "In all",
}


def show_exceptions(decision: Json) -> None:
    """Say what was missing, what the brake did, and whether it was decided on as of another time than its own."""
    degraded = decision.get("degraded")
    if isinstance(degraded, dict):
        missing = ", ".join(str(name) for name in degraded.get("missing") or ())
        st.warning(
            in_markdown(f"This event could not be decided in full. Missing: {missing}."), icon=":material/warning:"
        )
    if decision.get("braked"):
        st.warning("It would have been blocked, but too much was blocked lately.", icon=":material/speed:")
    skew = decision.get("clock")
    if isinstance(skew, dict):
        st.warning(
            f"Its time, {formatting.moment(skew.get('given'))}, lay ahead of the server's clock. It was decided on as "
            f"of {formatting.moment(skew.get('used'))}. Check the sender's clock and time zone.",
            icon=":material/schedule:",
        )


def show_record(detector: Detector, decision: Json, answer: Json) -> None:
    """Show where the decision is recorded and how long its steps took; ``answer`` is empty for an earlier decision."""
    noun = detector.event_name
    st.caption(
        in_markdown(
            f"Event {decision.get('event_id')}, decided {formatting.moment(decision.get('decided_at'))} by detector "
            f"version {decision.get('detector_version')}. Sent again, the same event ID gets this decision again, and "
            "counts once."
        )
    )
    timings = answer.get("timings_ms") or {}
    if not timings:
        st.caption(f"How long it took is told with the first answer only, and not kept. Score a {noun} here to see it.")
        return
    rows = [[name, formatting.milliseconds(timings[step])] for step, name in STEPS.items() if step in timings]
    st.html(html_table("Time inside the API", ["Step", "Time"], rows))
    st.caption("Inside the API, from reading the histories to recording the decision; the network comes on top.")


def show_label(api: Api, decision: Json) -> bool:
    """Let the analyst say what the event turned out to be, an earlier label shown first; return whether she did."""
    event_id = str(decision.get("event_id") or "")
    known = decision.get("label")
    question = "**What did it turn out to be?**"
    if isinstance(known, dict):
        question = f"Labelled **{known.get('label')}**, known {formatting.moment(known.get('known_at'), time=False)}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, key="label"):
        st.markdown(question, width="stretch", help="A label teaches the histories, and the next training.")
        pressed = [label for label in LABELS if st.button(LABELS[label], key=f"label-{label}")]
    labelled = False
    for label in pressed:
        with problems_shown():
            already = api.label(event_id, label).get("status") == "unchanged"
            st.success("It had that label already." if already else f"Labelled as {label}.", icon=":material/check:")
            labelled = True
    return labelled
