"""Ways from one page to another: a page is named by its address, and says by its query what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import streamlit as st

_PAGES = "pages"


def know_pages(pages: Mapping[str, Any]) -> None:
    """Keep the pages of this run, by their address, for links to them."""
    st.session_state[_PAGES] = dict(pages)


def show_link(page: str, text: str, query: Mapping[str, str] | None = None) -> None:
    """Show a link to a page, such as ``queue``, with what it is to show; the session stays what it is."""
    known = st.session_state.get(_PAGES)
    if known is None:  # a page that is shown by itself
        st.markdown(f"[{text}](/{page}{'?' if query else ''}{urlencode(query or {})})")
    elif page in known:
        arrow = ":material/arrow_forward:"
        st.page_link(known[page], label=text, icon=arrow, icon_position="right", query_params=query or None)
