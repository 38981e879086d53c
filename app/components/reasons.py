"""Reasons of a score: a waterfall chart and a list of sentences."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.components.chart_display import show_chart
from app.components.waterfall import waterfall

MAX_SENTENCES = 8
HELP = (
    "Each reason multiplies or divides the odds of fraud. Together they lead from an average {event} to this one. "
    "Impact counts doublings of the odds: +3 means 8 times the odds, −1 means half."
)


def show_reasons(detector: Detector, answer: Json) -> None:
    """Show the reasons of one answer, or why it has none."""
    noun, reasons = detector.event_name, answer.get("reasons")
    if not reasons or answer.get("base_log_odds") is None:
        st.caption(explain_missing(detector, answer))
        return
    if answer.get("reasons_approximate"):
        st.caption("These reasons are estimates for this event. They do not add up exactly.")
    show_chart(
        waterfall(float(answer["base_log_odds"]), reasons, noun),
        alt="Waterfall chart of the reasons; the list below has them as sentences",
    )
    st.caption(HELP.format(event=noun))
    st.html(reasons_list(reasons))


def reasons_list(reasons: Sequence[Json], most: int = MAX_SENTENCES) -> str:
    """Return the reasons with the largest effect as an HTML list of sentences, each with its impact."""
    weighty = sorted(reasons, key=lambda reason: -abs(float(reason["contribution"])))[:most]
    return f'<ul class="tg-reasons" aria-label="Reasons in words">{"".join(map(_entry, weighty))}</ul>'


def _entry(reason: Json) -> str:
    impact, contribution = int(reason["impact"]), float(reason["contribution"])
    tone, does = ("stop", "raises the risk") if contribution >= 0 else ("blue", "lowers the risk")
    sign = f"{impact:+d}".replace("-", "\u2212") if impact else "±0"
    return (
        f'<li><b class="tg-tone-{tone}" title="Impact {sign}: {does}" aria-label="Impact {sign}, {does}">{sign}</b>'
        f"<span>{escape(str(reason['sentence']))}</span></li>"
    )


def explain_missing(detector: Detector, answer: Json) -> str:
    """Return why an answer has no reasons."""
    if answer.get("score") is None:
        return "This decision has no score. Only its rules explain it."
    kind = (detector.document.get("reasons") or {}).get("kind")
    if kind == "none":
        return (
            'This detector version was trained without reasons. To see them, remove reasons = "none" and train again.'
        )
    return "The reasons for this decision are no longer available, because its detector version was deleted."
