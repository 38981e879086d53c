"""Links between pages. A page is named by its path; the query says what it shows.

A link can hand over a past event, which the Score page then lists with its examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.api.client import Json
from app.ui.url_state import refuse

_PAGES = "pages"
_HANDED = "handed-over"
_NAMED = "past"


def register_pages(pages: Mapping[str, Any]) -> None:
    """Keep the pages of this run, by path, for links to them."""
    st.session_state[_PAGES] = dict(pages)


def show_link(page: str, text: str, query: Mapping[str, str] | None = None) -> None:
    """Show a link to a page, such as ``queue``, with a query; the session is kept."""
    known = st.session_state.get(_PAGES)
    if known is None:  # a page that is shown by itself
        st.markdown(f"[{text}](/{page}{'?' if query else ''}{urlencode(query or {})})")
    elif page in known:
        arrow = ":material/arrow_forward:"
        st.page_link(known[page], label=text, icon=arrow, icon_position="right", query_params=query or None)


def offer_event(event: Json, event_id: str, text: str) -> None:
    """Show a link to the Score page on which an event can be tried."""
    st.session_state.setdefault(_HANDED, {})[f"A past event: {event_id}"] = event
    show_link("score", text, {_NAMED: event_id})


def handed_events() -> dict[str, Json]:
    """Return the events that other pages handed over in this session, by their titles."""
    return dict(st.session_state.get(_HANDED, {}))


def take_handed_title() -> str | None:
    """Return the title of the event that the address names, once; None where it names none that was handed over."""
    asked = st.query_params.get(_NAMED)
    if asked is None:
        return None
    title = f"A past event: {asked}"
    if title not in handed_events():
        refuse(_NAMED)
        return None
    del st.query_params[_NAMED]
    return title
