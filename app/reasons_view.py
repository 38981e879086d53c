"""Why a payment got its score: the steps as a waterfall, and each reason in words."""

from __future__ import annotations

import streamlit as st

from app.client import Json
from app.detector import Detector
from app.reason_list import reason_list
from app.waterfall import waterfall

HELP = (
    "Each step multiplies or divides the odds of fraud; together they lead from an average {event} to this one. "
    "A bar of full length doubled the odds five times or more, or halved them."
)


def show_reasons(detector: Detector, answer: Json) -> None:
    """Show the reasons of one answer, or why there are none."""
    noun, reasons = detector.event_name.replace("_", " "), answer.get("reasons")
    if not reasons or answer.get("base_log_odds") is None:
        st.caption(_nothing(detector, answer))
        return
    if answer.get("reasons_approximate"):
        st.caption("These reasons are approximate: they were estimated around this event and do not add up exactly.")
    st.altair_chart(
        waterfall(float(answer["base_log_odds"]), reasons, noun),
        width="stretch",
        alt="Waterfall of the reasons; they are told in words below",
    )
    st.caption(HELP.format(event=noun))
    st.html(reason_list(reasons))


def _nothing(detector: Detector, answer: Json) -> str:
    if answer.get("score") is None:
        return "It was decided without a score, so there is nothing to explain but the rules."
    kind = (detector.document.get("reasons") or {}).get("kind")
    if kind == "none":
        return 'This detector version was trained without reasons; train it with reasons = "exact" to see them.'
    return "The reasons of this decision cannot be told: its detector version is no longer kept."
