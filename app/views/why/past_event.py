"""Past payments on which a feature had the largest effect: a list, and a dialog with one of them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.ui import formatting, times
from app.ui.links import offer_event, show_link
from app.ui.page import in_markdown, problems_shown

LABELS = {"fraud": ("Fraud", "stop"), "legitimate": ("Legitimate", "go"), "none": ("Not labeled", "quiet")}


def show_past_events(api: Api, detector: Detector, events: Sequence[Json]) -> None:
    """Show one line for each event, with a button that opens it."""
    for place, past in enumerate(events):
        line, button = st.columns([11, 1], vertical_alignment="center")
        line.html(_line(detector, past))
        event_id = str(past["event"].get(detector.column("id")))
        if button.button("Show", key=f"past-{place}-{event_id}", help=f"Show {event_id} in full"):
            _show_event(api, detector, past)


def _line(detector: Detector, past: Json) -> str:
    event = past["event"]
    word, tone = LABELS[past["label"]]
    amount = event.get(detector.column("amount"))
    sentence = past["sentence"] or "Other reasons had a larger effect."
    money = "" if amount is None else formatting.money(amount, detector.currency, cents=True)
    return (
        '<div class="tg-past">'
        f'<b class="tg-odds">{formatting.factor(past["contribution"])}</b>'
        f"<span>{escape(sentence)}</span>"
        f"<span>{escape(money)}</span>"
        f"<span>{escape(times.moment(str(event.get(detector.column('timestamp')))))}</span>"
        f"<span>Score {formatting.count(past['score'])}</span>"
        f'<span class="tg-tag tg-tone-{tone}">{word}</span>'
        "</div>"
    )


@st.dialog("Past payment", width="large")
def _show_event(api: Api, detector: Detector, past: Json) -> None:
    event, event_id = past["event"], str(past["event"].get(detector.column("id")))
    word, _ = LABELS[past["label"]]
    score, label, odds = st.columns(3)
    score.metric("Score", formatting.count(past["score"]), border=True)
    label.metric("Label", word, border=True)
    odds.metric("Effect of this reason", formatting.factor(past["contribution"]), border=True)
    reasons, sent = st.columns(2, gap="large")
    with reasons:
        st.subheader("Main reasons", anchor=False)
        for reason in past["reasons"]:
            st.markdown(f"**{formatting.factor(reason['contribution'])}** {in_markdown(reason['sentence'])}")
        with problems_shown():
            _show_ways(api, detector, event, event_id)
    with sent:
        st.subheader("Event data", anchor=False)
        st.dataframe(
            [{"column": formatting.title(name), "value": str(value)} for name, value in event.items()],
            hide_index=True,
            height="content",
            row_height=30,
            column_config={"column": "Column", "value": "Value"},
            alt="Columns of this payment",
        )


def _show_ways(api: Api, detector: Detector, event: Json, event_id: str) -> None:
    """Offer to try the event, and to open its case if a decision is stored."""
    offer_event(event, event_id, "Try it on the Score page")
    try:
        api.decision(event_id)
    except ApiProblem as problem:
        if problem.status != 404:
            raise
        noun = detector.event_name
        st.caption(f"This {noun} is from the training data. It has no stored decision.")
        return
    show_link("queue", "Open the case", {"event": event_id})
