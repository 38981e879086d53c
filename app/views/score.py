"""The Score page: decide on one event, or look an earlier decision up."""

from __future__ import annotations

import streamlit as st

from app import wording
from app.client import Api, Json
from app.decision_view import show_decision
from app.detector import Detector
from app.event_form import fill_form, find_faults, is_filled, renew_event_id, show_fields
from app.outcome_card import empty_state
from app.page import in_markdown, problems_shown, show_page

NEW, LOOK_UP = "New {event}", "Look up a decision"
EMPTY = "An empty form"


def show() -> None:
    """Show the page."""
    show_page("Score a {event}", "Send one {event} to the detector and see what it decides.", _show_body)


def _show_body(api: Api, detector: Detector) -> None:
    asked = str(st.query_params.get("event", ""))
    names = [NEW.format(event=detector.event_name.replace("_", " ")), LOOK_UP]
    new, look_up = st.tabs(names, default=names[1] if asked else names[0])
    with new:
        form, answer = st.columns([7, 5], gap="large")
        with form:
            event = _show_form(detector)
        with answer:
            _show_answer(api, detector, event)
    with look_up:
        _show_look_up(api, detector, asked)


def _show_form(detector: Detector) -> Json | None:
    """Show the form; return the event when it was sent and nothing is wrong with it."""
    examples = {example.title: example.event for example in detector.examples}

    def fill() -> None:
        fill_form(detector, examples.get(st.session_state["example"], {}))
        st.session_state.pop("decision", None)

    chosen = st.selectbox(
        "Start from",
        [*examples, EMPTY],
        key="example",
        on_change=fill,
        help="Real events from the test period, which the model was not trained on. The event ID is always new.",
    )
    if not is_filled(detector):
        fill_form(detector, examples.get(chosen, {}))
        st.session_state.pop("decision", None)
    elif st.session_state.pop("renew_event_id", False):
        renew_event_id(detector)
    with st.form("event", border=True):
        event = show_fields(detector)
        noun = detector.event_name.replace("_", " ")
        sent = st.form_submit_button(f"Score this {noun}", type="primary", icon=":material/send:")
    if not sent:
        return None
    faults = find_faults(detector, event)
    for fault in faults:
        st.warning(in_markdown(fault), icon=":material/edit:")
    return None if faults else event


def _show_answer(api: Api, detector: Detector, event: Json | None) -> None:
    with problems_shown():
        if event is not None:
            st.session_state.pop("decision", None)
            with st.spinner("Deciding …"):
                st.session_state["decision"] = api.decide(event)
            st.session_state["sent_event"] = event
            # The form was drawn with the old id: the next one is a new event, not a repeat.
            st.session_state["renew_event_id"] = True
            st.rerun()
        if "decision" in st.session_state:
            _show_latest(api, detector)
            return
    if event is None:
        noun = detector.event_name.replace("_", " ")
        st.html(empty_state("No decision yet", f"Choose an example or fill in the form, then score the {noun}."))


def _show_latest(api: Api, detector: Detector) -> None:
    show_decision(api, detector, st.session_state["decision"], "latest")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Send the same event again", type="tertiary", icon=":material/replay:"):
            st.session_state["decision"] = api.decide(st.session_state["sent_event"])
            st.rerun()


def _show_look_up(api: Api, detector: Detector, asked: str) -> None:
    with st.form("look-up", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        event_id = st.text_input("Event ID", value=asked, width=420, placeholder="The ID that was sent with the event")
        sent = st.form_submit_button("Look up", icon=":material/search:")
    if sent:
        st.session_state["looked_up"] = event_id.strip()
    looked_up = st.session_state.get("looked_up") or asked
    if not looked_up:
        text = "Enter an event ID to see what was decided then, on which values, and how it was labelled."
        st.html(empty_state("No decision looked up", text))
        return
    st.query_params["event"] = looked_up
    decision = api.decision(looked_up)
    view, values = st.columns([7, 5], gap="large")
    with view:
        show_decision(api, detector, decision, "looked-up")
    with values:
        _show_event(detector, decision.get("event") or {})


def _show_event(detector: Detector, event: Json) -> None:
    st.subheader("The event", anchor=False)
    order = [variable.name for variable in detector.variables]
    names = sorted(event, key=lambda name: order.index(name) if name in order else len(order))
    rows = [{"Variable": wording.title(name), "Value": str(event[name])} for name in names]
    st.dataframe(rows, hide_index=True, height="content", alt="The values of the event")
