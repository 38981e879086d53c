"""Why a payment got its score: the steps as a waterfall, and each reason in words."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.components.chart_display import show_chart
from app.components.waterfall import waterfall

MOST_SAID = 8
HELP = (
    "Each step multiplies or divides the odds of fraud; together they lead from an average {event} to this one. "
    "The impact counts doublings: +3 means 8 times the odds, −1 half of them."
)


def show_reasons(detector: Detector, answer: Json) -> None:
    """Show the reasons of one answer, or why there are none."""
    noun, reasons = detector.event_name, answer.get("reasons")
    if not reasons or answer.get("base_log_odds") is None:
        st.caption(say_why_none(detector, answer))
        return
    if answer.get("reasons_approximate"):
        st.caption("These reasons are approximate: they were estimated around this event and do not add up exactly.")
    show_chart(
        waterfall(float(answer["base_log_odds"]), reasons, noun),
        alt="Waterfall of the reasons; they are told in words below",
    )
    st.caption(HELP.format(event=noun))
    st.html(reasons_list(reasons))


def reasons_list(reasons: Sequence[Json], most: int = MOST_SAID) -> str:
    """Return the weightiest reasons in words, each with its impact, as an HTML list."""
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


def say_why_none(detector: Detector, answer: Json) -> str:
    """Return why an answer has no reasons."""
    if answer.get("score") is None:
        return "It was decided without a score, so there is nothing to explain but the rules."
    kind = (detector.document.get("reasons") or {}).get("kind")
    if kind == "none":
        return 'This detector version was trained without reasons; train it with reasons = "exact" to see them.'
    return "The reasons of this decision cannot be told: its detector version is no longer kept."
