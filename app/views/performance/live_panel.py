"""The same figures on live decisions whose labels are final, and the days that are not yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from app import clock
from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.chart_display import show_chart
from app.components.live_days import LiveDay, matures_on, read_live_days
from app.components.outcome_card import empty_state
from app.components.score_table import ScoreTable, add_days
from app.ui import formatting
from app.views.performance.charts import days_chart

SPANS = {28: "4 weeks", 56: "8 weeks", 91: "13 weeks"}


@st.cache_data(ttl=60, max_entries=8, show_spinner="Asking the API …")
def load_days(url: str, first: date, last: date, _api: Api) -> list[Json]:  # noqa: ARG001 - the cache's key
    """Return the summaries of days."""
    return list(_api.summaries(first, last).get("days") or [])


@dataclass(frozen=True)
class Live:
    """Live days with decisions. ``provisional`` counts those that are still open, too."""

    days: Sequence[LiveDay]
    provisional: bool

    @property
    def counted(self) -> list[Json]:
        """The summaries of the days that count."""
        return [live.summary for live in self.days if live.is_mature or self.provisional]


def read_live(api: Api, detector: Detector) -> Live:
    """Let the reader choose how far back to look, and return the days with decisions."""
    with st.container(horizontal=True, vertical_alignment="center"):
        span = st.segmented_control(
            "Days back", list(SPANS), default=56, required=True, format_func=SPANS.__getitem__, key="span",
            label_visibility="collapsed",
        )  # fmt: skip
        note = "Frauds of open days may still be reported. Until then they count as legitimate and flatter the figures."
        provisional = st.toggle("Count open days too", key="provisional", help=note)
    now = clock.now()
    days = load_days(api.url, now.date() - timedelta(days=(span or 56) - 1), now.date(), api)
    return Live(read_live_days(days, float(detector.label_delay_s or 0), now), provisional)


def read_table(live: Live, detector: Detector) -> ScoreTable | None:
    """Return the table of the days that count; say why there is none, where there is none."""
    table = add_days(live.counted)
    if table is None or not table.all.frauds:
        st.html(empty_state(*_say_nothing(live, detector)))
        return None
    return table


def _say_nothing(live: Live, detector: Detector) -> tuple[str, str]:
    noun = formatting.plural(detector.event_name)
    if not live.days:
        return "No live decisions", f"No {noun} were decided on in this span: look further back, or at the test data."
    if live.counted:
        return "No known fraud", f"Nobody reported a fraud among these {noun} yet: post labels, or drop a file of them."
    first = matures_on(live.days[0].day, float(detector.label_delay_s or 0))
    text = f"Frauds are reported late. The first of these days has all its labels on {formatting.day(first)}."
    return "No day is mature yet", text


def show_days(days: Sequence[LiveDay], count: Callable[[Json], tuple[int, int]], detector: Detector) -> None:
    """Show the frauds of each day, caught and missed as ``count`` says, and say which days are open."""
    delay = (detector.label_delay_s or 0) / 86_400
    note = f"Labels come late: a day's are final {delay:g} days after it, at midnight (UTC). Pale days are still open."
    st.subheader("Frauds day by day", anchor=False, help=note)
    show_chart(days_chart(days, count), alt="Known frauds of each day, caught and missed")
    open_days = [live for live in days if not live.is_mature]
    if open_days:
        first, last = formatting.day(open_days[0].day), formatting.day(open_days[-1].day)
        span = first if len(open_days) == 1 else f"{first} to {last}"
        is_are = "is" if len(open_days) == 1 else "are"
        st.caption(
            f"Pale: {span} {is_are} not mature. Frauds of these days may still be reported until "
            f"{formatting.day(open_days[-1].matures)}; they are left out of the figures above unless you count them."
        )
