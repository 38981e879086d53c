"""Tollgate's dashboard. Start it with ``streamlit run app/streamlit_app.py``."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent
if str(HERE.parent) not in sys.path:  # Streamlit puts only this file's own folder on the path
    sys.path.insert(0, str(HERE.parent))

from app.ui.links import register_pages
from app.ui.login import require_log_in, show_reader
from app.ui.style import show_style
from app.views.batch import page as batch
from app.views.help import page as help
from app.views.performance import page as performance
from app.views.queue import page as queue
from app.views.rules import page as rules
from app.views.score import page as score
from app.views.today import page as today
from app.views.why import page as why


def main() -> None:
    """Set up the pages and show the requested one."""
    st.set_page_config(page_title="Tollgate", page_icon=str(HERE / "assets" / "icon.png"), layout="wide")
    st.logo(str(HERE / "assets" / "logo.svg"), size="large")
    show_style(HERE / "assets" / "style.css")
    require_log_in()
    pages = {
        "today": st.Page(today.show, title="Today", icon=":material/today:", default=True),
        "queue": st.Page(queue.show, title="Review queue", icon=":material/rule:", url_path="queue"),
        "score": st.Page(score.show, title="Score", icon=":material/speed:", url_path="score"),
        "batch": st.Page(batch.show, title="Batch", icon=":material/table_rows:", url_path="batch"),
        "performance": st.Page(
            performance.show, title="Performance", icon=":material/monitoring:", url_path="performance"
        ),
        "why": st.Page(why.show, title="Why", icon=":material/psychology_alt:", url_path="why"),
        "rules": st.Page(rules.show, title="Rules", icon=":material/gavel:", url_path="rules"),
        "help": st.Page(help.show, title="Settings and help", icon=":material/help:", url_path="help"),
    }
    register_pages(pages)
    # The default page is at / alone: its address by analogy with the others leads there.
    beside = st.Page(lambda: st.switch_page(pages["today"]), title="Today", url_path="today", visibility="hidden")
    page = st.navigation([*pages.values(), beside], position="top")
    show_reader()
    page.run()


if __name__ == "__main__":
    main()
