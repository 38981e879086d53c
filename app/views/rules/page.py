"""Rules page: live rules and their results, the draft, and the lists."""

from __future__ import annotations

import streamlit as st

from app.api.client import Api
from app.api.detector import Detector
from app.ui.page import show_page
from app.ui.url_state import in_url, one_of
from app.views.rules.draft_view import show_draft
from app.views.rules.lists import show_lists
from app.views.rules.rules_in_use import show_rules_in_use

PARTS = {"use": "Live", "next": "Draft", "lists": "Lists"}
READS = ("part", "rule", "list")


def show() -> None:
    """Show the page."""
    show_page(
        "Rules",
        "How live rules perform, and a draft tested on past {events}.",
        _show_body,
        READS,
    )


def _show_body(api: Api, detector: Detector) -> None:
    part = st.segmented_control(
        "Part of the page",
        list(PARTS),
        required=True,
        format_func=PARTS.__getitem__,
        label_visibility="collapsed",
        width="content",
        **in_url("part", "use", one_of(list(PARTS))),
    )
    if part == "use":
        show_rules_in_use(api, detector)
    elif part == "next":
        show_draft(api, detector)
    else:
        show_lists(api, detector)
