"""Live figures as decided, rules included: what was caught and missed, and what rules changed."""

from __future__ import annotations

import streamlit as st

from app.api.detector import Detector
from app.components.confusion import LET_THROUGH, confusion_matrix
from app.components.score_table import ScoreTable, measure, measure_acted
from app.ui import formatting
from app.ui.links import show_link
from app.ui.page import in_markdown
from app.views.performance.costs import Prices
from app.views.performance.decided_table import DecidedTable, add_outcomes
from app.views.performance.live_panel import Live
from app.views.performance.threshold_panel import show_figures, show_money, used_threshold


def show_decided(detector: Detector, live: Live, scored: ScoreTable, prices: Prices) -> None:
    """Show what was done on the days that count; ``scored`` is the table of their scores."""
    decided, used = add_outcomes(live.counted, detector.outcome_names()), used_threshold(detector)
    now, alone = measure_acted(decided.alerts, decided.all), measure(scored, used // 5 * 5)
    show_figures(detector, now, alone, decided.all, f"scores alone, acted on from {used}")
    noun = formatting.plural(detector.event_name)
    matrix, rules = st.columns([5, 7], gap="large")
    with matrix:
        st.subheader(
            "Confusion matrix", anchor=False, help=f"What was done with {noun}. Unlabelled ones count as legitimate."
        )
        columns = [
            (formatting.title(name), acted.frauds, acted.legitimate)
            for name, acted in reversed([*decided.outcomes.items()])
        ]
        st.html(confusion_matrix([*columns[:-1], (LET_THROUGH, *columns[-1][1:])], noun))
        show_money(detector, decided.alerts, noun)
    with rules:
        _show_rules(detector, decided, scored, used)
        st.caption(in_markdown(say_cost(detector, decided, prices)))
        with st.container(horizontal=True):
            query = {"label": "fraud", "days": "30", "outcome": detector.outcome_names()[0], "sort": "amount"}
            show_link("queue", "What was missed", query)
            show_link("rules", "What each rule did")


def _show_rules(detector: Detector, decided: DecidedTable, scored: ScoreTable, used: int) -> None:
    st.subheader(
        "What rules changed", anchor=False, help="Beside acting on scores alone, with the thresholds of today."
    )
    st.markdown(in_markdown(say_difference(decided, scored, used, formatting.plural(detector.event_name))))


def say_difference(decided: DecidedTable, scored: ScoreTable, used: int, noun: str) -> str:
    """Return what was caught, and what scores alone would have caught."""
    alerts, alone = decided.alerts, scored.at(used // 5 * 5)
    caught, frauds = formatting.count(alerts.frauds), formatting.count(decided.all.frauds)
    return (
        f"{caught} of {frauds} known frauds were caught, rules included. "
        f"By score alone, from {used} on, it would have been {formatting.count(alone.frauds)}. "
        f"Legitimate {noun} that were reviewed or blocked: {formatting.count(alerts.legitimate)}, by score alone "
        f"{formatting.count(alone.legitimate)}."
    )


def say_cost(detector: Detector, decided: DecidedTable, prices: Prices) -> str:
    """Return what a day cost, in its parts."""
    cost = decided.cost(prices)
    total, missed, reviews, blocks = (
        formatting.money(part, detector.currency) for part in (cost.total, cost.missed, cost.reviews, cost.wrong_blocks)
    )
    return f"A day cost {total}: {missed} of missed fraud, {reviews} of reviews and {blocks} of wrong blocks."
