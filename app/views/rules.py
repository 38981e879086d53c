"""The Rules page: the rules in use and what they came to, the draft of the next ones, and the lists."""

from __future__ import annotations

import streamlit as st

from app.client import Api
from app.detector import Detector
from app.draft_view import show_draft
from app.list_view import show_lists
from app.page import show_page
from app.rules_in_use import show_rules_in_use

PARTS = {"use": "Rules in use", "next": "Next rules", "lists": "Lists"}


def show() -> None:
    """Show the page."""
    show_page("Rules", "What rules do to {events}, and what the next ones would have done.", _show_body)


def _show_body(api: Api, detector: Detector) -> None:
    asked = str(st.query_params.get("part", "use"))
    part = st.segmented_control(
        "Part of the page",
        list(PARTS),
        default=asked if asked in PARTS else "use",
        required=True,
        format_func=PARTS.__getitem__,
        key="rules.part",
        label_visibility="collapsed",
        width="content",
    )
    if part != asked:
        st.query_params["part"] = part
    if part == "use":
        show_rules_in_use(api, detector)
    elif part == "next":
        show_draft(api, detector)
    else:
        show_lists(api, detector)
