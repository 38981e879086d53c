"""Links between pages. A page is named by its path; the query says what it shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import streamlit as st

_PAGES = "pages"


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
