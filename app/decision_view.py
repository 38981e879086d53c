"""One decision on the screen: the outcome card, how it came about, and what the event turned out to be."""

from __future__ import annotations

import streamlit as st

from app import wording
from app.client import Api, Json
from app.detector import Detector
from app.outcome_card import outcome_card
from app.page import in_markdown, problems_shown

LABELS = {"fraud": "Fraud", "legitimate": "Legitimate"}
STEPS = {"read": "Reading history", "decide": "deciding", "write": "recording"}


def show_decision(api: Api, detector: Detector, decision: Json, place: str) -> None:
    """Show a decision as the API returned it; ``place`` keeps the keys of two views apart."""
    score = decision.get("score")
    st.html(outcome_card(detector, str(decision.get("outcome")), None if score is None else int(score)))
    _show_safety(decision)
    if decision.get("repeated"):
        st.info(
            "This event was decided before: the first decision stands, and nothing was counted twice.",
            icon=":material/history:",
        )
    _show_numbers(decision)
    _show_origin(decision)
    if detector.takes_labels:
        _show_label(api, decision, place)


def _show_safety(decision: Json) -> None:
    """Say what was missing, and what the brake did."""
    degraded = decision.get("degraded")
    if isinstance(degraded, dict):
        missing = ", ".join(str(name) for name in degraded.get("missing") or ())
        st.warning(
            in_markdown(f"This event could not be decided in full. Missing: {missing}."), icon=":material/warning:"
        )
    if decision.get("braked"):
        st.warning("It would have been blocked, but too much was blocked lately.", icon=":material/speed:")


def _show_numbers(decision: Json) -> None:
    timings = decision.get("timings_ms") or {}
    probability, answer = st.columns(2)
    probability.metric(
        "Probability of fraud",
        wording.percent(decision.get("probability")),
        help="What the model gives this event. The score ranks the same probability among legitimate events.",
    )
    answer.metric(
        "Decided in",
        wording.milliseconds(timings.get("total")),
        help="Time inside the API, from reading the histories to recording the decision; the network comes on top.",
    )


def _show_origin(decision: Json) -> None:
    timings = decision.get("timings_ms") or {}
    steps = [f"{name} {wording.milliseconds(timings[step])}" for step, name in STEPS.items() if step in timings]
    event_id, version = decision.get("event_id"), decision.get("detector_version")
    lines = [f"Event {event_id}, {wording.moment(decision.get('decided_at'))}, version {version}", " · ".join(steps)]
    st.caption("  \n".join(in_markdown(line) for line in lines if line))


def _show_label(api: Api, decision: Json, place: str) -> None:
    """Let the analyst say what the event turned out to be; an earlier label is shown first."""
    event_id = str(decision.get("event_id") or "")
    known = decision.get("label")
    question = "**What did it turn out to be?**"
    if isinstance(known, dict):
        question = f"Labelled **{known.get('label')}**, known {wording.moment(known.get('known_at'), time=False)}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, key=f"{place}-label"):
        st.markdown(question, width="stretch", help="A label teaches the histories, and the next training.")
        pressed = [label for label in LABELS if st.button(LABELS[label], key=f"{place}-{label}")]
    for label in pressed:
        with problems_shown():
            already = api.label(event_id, label).get("status") == "unchanged"
            st.success("It had that label already." if already else f"Labelled as {label}.", icon=":material/check:")
