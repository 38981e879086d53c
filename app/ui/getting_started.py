"""Getting started: the first steps when there are no decisions yet."""

from __future__ import annotations

import json

import streamlit as st

from app.api.detector import Detector
from app.components.outcome_card import empty_state
from app.ui import formatting
from app.ui.links import show_link


def show_start(detector: Detector) -> None:
    """Show how to send the first payment, with a request that works."""
    noun = detector.event_name
    text = (
        f"The detector is ready, but it has not received a {noun} in the last four weeks. "
        "New decisions appear here within minutes."
    )
    st.html(empty_state(f"No {formatting.plural(noun)} yet", text))
    by_hand, by_program = st.columns(2, gap="large")
    with by_hand:
        st.subheader("Try one yourself", anchor=False)
        st.markdown(f"Fill in a form, or start from a real example, and see how a {noun} is scored.")
        show_link("score", f"Score a {noun}")
        st.markdown("You can also score a file. Its results appear on the Batch page and are not counted here.")
        show_link("batch", "Score a file")
    with by_program:
        st.subheader("Connect your system", anchor=False)
        event = detector.examples[0].event if detector.examples else {detector.column("id"): "…"}
        st.code(f"POST /v1/decisions\n\n{json.dumps({'event': event}, indent=2)}", language=None, wrap_lines=True)
