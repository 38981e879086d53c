"""Links that open a past event on the Score page, which then lists it with its examples."""

from __future__ import annotations

import streamlit as st

from app.api.client import Json
from app.ui.links import show_link
from app.ui.url_state import refuse

_HANDED = "handed-over"
_NAMED = "past"


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
