"""What to do where no decision was made yet."""

from __future__ import annotations

import json

import streamlit as st

from app.api.detector import Detector
from app.components.outcome_card import empty_state
from app.ui.links import show_link


def show_start(detector: Detector) -> None:
    """Say how the first payment comes in, with a request that works."""
    noun = detector.event_name
    text = f"The detector is ready and has not seen a {noun} in four weeks. Its first decisions appear here in minutes."
    st.html(empty_state(f"No {noun} was decided on yet", text))
    by_hand, by_program = st.columns(2, gap="large")
    with by_hand:
        st.subheader("Try one by hand", anchor=False)
        st.markdown(f"Fill in a form, or take a real example from the test period, and see what a {noun} gets.")
        show_link("score", f"Score a {noun}")
        st.markdown("A file is scored as well. Its results are on its own page, and are not counted here.")
        show_link("batch", "Drop a file")
    with by_program:
        st.subheader("Send them from your program", anchor=False)
        event = detector.examples[0].event if detector.examples else {detector.column("id"): "…"}
        st.code(f"POST /v1/decisions\n\n{json.dumps({'event': event}, indent=2)}", language=None, wrap_lines=True)
