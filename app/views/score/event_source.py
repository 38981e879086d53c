"""Event source of the Score page: an example, an empty form, or a past decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.case import load_decision
from app.ui.event_links import handed_events, take_handed_title
from app.ui.page import show_problem
from app.views.score.event_form import fill_form, is_filled

EMPTY = "Empty form"
EXAMPLES_HELP = "Real {events} from the test period, not used in training. Each one gets a new event ID."


@dataclass(frozen=True)
class Source:
    """The event in the form, and its decision if there is one."""

    event: Json
    decision: Json | None


def choose_source(api: Api, detector: Detector, events: str) -> Source:
    """Let the reader choose; the form is refilled when the choice changes. ``events`` is the noun's plural."""
    pick, look_up = st.columns([5, 7], gap="large")
    with look_up:
        decision = _look_up(api)
    examples = handed_events() | {example.title: example.event for example in detector.examples}
    handed = take_handed_title()
    if decision is not None:
        st.session_state["start"] = None
    elif handed is not None:
        st.session_state["start"] = handed
    elif st.session_state.get("start") not in {*examples, EMPTY}:
        st.session_state["start"] = next(iter(examples), EMPTY)
    with pick:
        note = EXAMPLES_HELP.format(events=events)
        chosen = st.selectbox(
            "Start from", [*examples, EMPTY], index=None, key="start", on_change=_leave, help=note,
            placeholder="Example or empty form",
        )  # fmt: skip
    event = dict(decision.get("event") or {}) if decision is not None else examples.get(chosen or "", {})
    token = f"event {decision['event_id']}" if decision is not None else f"example {chosen}"
    if st.session_state.get("filled") != token or not is_filled(detector):
        fill_form(detector, event, as_it_was=decision is not None)
        st.session_state["filled"] = token
    return Source(event, decision)


def open_decision(event_id: str) -> None:
    """Open a past decision on the page."""
    st.query_params["event"] = event_id
    load_decision.clear()


def _look_up(api: Api) -> Json | None:
    asked = str(st.query_params.get("event", ""))
    if st.session_state.get("looked-up-before") != asked:
        st.session_state["looked-up"] = st.session_state["looked-up-before"] = asked
    st.text_input(
        "Or open a past decision by event ID", key="looked-up", on_change=_ask, placeholder="p-1001",
        help="The ID that was sent with the event. The stored decision is shown; the event is not scored again.",
    )  # fmt: skip
    if not asked:
        return None
    try:
        return load_decision(api.url, asked, api)
    except ApiProblem as problem:
        if problem.status != 404:
            raise
        note = " Check the ID. Results of files are not stored as single decisions: download them on the Batch page."
        show_problem(ApiProblem(f"{problem}{note}", 404))
        return None


def _ask() -> None:
    asked = str(st.session_state["looked-up"]).strip()
    if asked:
        open_decision(asked)
    else:
        _leave()


def _leave() -> None:
    if "event" in st.query_params:
        del st.query_params["event"]


def fresh_answer(decision: Json) -> dict[str, Any]:
    """Return the answer with timings if this event was just scored; empty for an earlier decision."""
    answer: dict[str, Any] = st.session_state.get("answer") or {}
    return answer if answer.get("event_id") == decision.get("event_id") else {}
