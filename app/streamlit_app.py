"""Tollgate's dashboard. Start it with ``streamlit run app/streamlit_app.py``."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit puts only this file's own folder on the path
    sys.path.insert(0, str(HERE.parent))

from app.ui.links import register_pages
from app.ui.login import require_log_in, show_reader
from app.ui.page import show_style

FIRST, PAGE = "today", "views/{}/page.py"
# Title and icon of each page, by its path and the folder of its views. A page is loaded only when somebody opens it.
PAGES = {
    "today": ("Today", "today"),
    "queue": ("Review queue", "rule"),
    "score": ("Score", "speed"),
    "batch": ("Batch", "table_rows"),
    "performance": ("Performance", "monitoring"),
    "why": ("Model insights", "psychology_alt"),
    "rules": ("Rules", "gavel"),
    "help": ("Settings and help", "help"),
}


def _page(name: str, title: str, icon: str) -> Page:
    path = None if name == FIRST else name
    return st.Page(PAGE.format(name), title=title, icon=f":material/{icon}:", url_path=path, default=path is None)


def main() -> None:
    """Set up the pages and show the requested one."""
    st.set_page_config(page_title="Tollgate", page_icon=str(HERE / "assets" / "icon.png"), layout="wide")
    st.logo(str(HERE / "assets" / "logo.svg"), size="large")
    show_style(HERE / "assets" / "style.css")
    require_log_in()
    pages = {name: _page(name, *about) for name, about in PAGES.items()}
    register_pages(pages)
    # The default page is at / alone: its address by analogy with the others leads there.
    beside = st.Page(lambda: st.switch_page(pages[FIRST]), title="Today", url_path=FIRST, visibility="hidden")
    page = st.navigation([*pages.values(), beside], position="top")
    show_reader()
    page.run()


if __name__ == "__main__":
    main()
