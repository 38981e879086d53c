"""Live panel: metrics of days whose labels are final, and the days that are still open."""

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


@st.cache_data(ttl=60, max_entries=8, show_spinner="Loading …")
def load_days(url: str, first: date, last: date, _api: Api) -> list[Json]:  # noqa: ARG001 - the cache's key
    """Return the summaries of days."""
    return list(_api.summaries(first, last).get("days") or [])


@dataclass(frozen=True)
class Live:
    """Live days with decisions. ``provisional`` includes days that are still open."""

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
        note = "Fraud on open days may still be reported. Until then it counts as legitimate, so results look better."
        provisional = st.toggle("Include open days", key="provisional", help=note)
    now = clock.now()
    days = load_days(api.url, now.date() - timedelta(days=(span or 56) - 1), now.date(), api)
    return Live(read_live_days(days, float(detector.label_delay_s or 0), now), provisional)


def read_table(live: Live, detector: Detector) -> ScoreTable | None:
    """Return the table of the days that count; show why if there is none."""
    table = add_days(live.counted)
    if table is None or not table.all.frauds:
        st.html(empty_state(*_explain_no_table(live, detector)))
        return None
    return table


def _explain_no_table(live: Live, detector: Detector) -> tuple[str, str]:
    noun = formatting.plural(detector.event_name)
    if not live.days:
        return "No live decisions", f"There are no {noun} in this period. Choose a longer period, or the test data."
    if live.counted:
        return (
            "No known fraud",
            f"No fraud has been reported among these {noun} yet. Send or upload labels.",
        )
    first = matures_on(live.days[0].day, float(detector.label_delay_s or 0))
    text = f"Fraud is reported late. The first of these days will have final labels on {formatting.day(first)}."
    return "No days with final labels yet", text


def show_days(days: Sequence[LiveDay], count: Callable[[Json], tuple[int, int]], detector: Detector) -> None:
    """Show the fraud of each day, caught and missed by ``count``, and which days are open."""
    delay = (detector.label_delay_s or 0) / 86_400
    note = f"A day's labels are final {delay:g} days later, at midnight UTC. Pale days are still open."
    st.subheader("Fraud by day", anchor=False, help=note)
    show_chart(days_chart(days, count), alt="Known frauds of each day, caught and missed")
    open_days = [live for live in days if not live.is_mature]
    if open_days:
        first, last = formatting.day(open_days[0].day), formatting.day(open_days[-1].day)
        span = first if len(open_days) == 1 else f"{first} to {last}"
        is_are = "is" if len(open_days) == 1 else "are"
        st.caption(
            f"Pale: {span} {is_are} still open. Fraud on these days may be reported until "
            f"{formatting.day(open_days[-1].matures)}. The metrics above leave them out unless you include open days."
        )
