"""Style sheet of all pages."""

from __future__ import annotations

from pathlib import Path

import streamlit as st


def show_style(path: Path) -> None:
    """Put a style sheet on the page, in a part of it that nothing else takes the place of.

    Streamlit puts HTML of styles alone where toasts go: the first toast would take its place. So there is an element
    beside it, in a container that is not shown.
    """
    with st.container(key="page-style"):
        st.html(f"<style>{path.read_text(encoding='utf-8')}</style><i hidden></i>")
