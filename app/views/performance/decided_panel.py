"""Decided panel: live metrics with rules, and the effect of rules."""

from __future__ import annotations

import streamlit as st

from app.api.detector import Detector
from app.components.confusion import APPROVED, confusion_matrix
from app.components.score_table import ScoreTable, measure, measure_acted
from app.ui import formatting
from app.ui.links import show_link
from app.ui.page import in_markdown
from app.views.performance.costs import Prices
from app.views.performance.decided_table import DecidedTable, add_outcomes
from app.views.performance.live_panel import Live
from app.views.performance.threshold_panel import show_figures, show_money, used_threshold


def show_decided(detector: Detector, live: Live, scored: ScoreTable, prices: Prices) -> None:
    """Show the outcomes on the days that count; ``scored`` is the table of their scores."""
    decided, used = add_outcomes(live.counted, detector.outcome_names()), used_threshold(detector)
    now, alone = measure_acted(decided.alerts, decided.all), measure(scored, used // 5 * 5)
    show_figures(detector, now, alone, decided.all, f"scores only, at threshold {used}")
    noun = formatting.plural(detector.event_name)
    matrix, rules = st.columns([5, 7], gap="large")
    with matrix:
        st.subheader("Confusion matrix", anchor=False, help=f"Outcomes of {noun}. Unlabeled ones count as legitimate.")
        columns = [
            (formatting.title(name), acted.frauds, acted.legitimate)
            for name, acted in reversed([*decided.outcomes.items()])
        ]
        st.html(confusion_matrix([*columns[:-1], (APPROVED, *columns[-1][1:])], noun))
        show_money(detector, decided.alerts, noun)
    with rules:
        _show_rules(detector, decided, scored, used)
        st.caption(in_markdown(describe_cost(detector, decided, prices)))
        with st.container(horizontal=True):
            query = {"label": "fraud", "days": "30", "outcome": detector.outcome_names()[0], "sort": "amount"}
            show_link("queue", "Missed fraud", query)
            show_link("rules", "Results by rule")


def _show_rules(detector: Detector, decided: DecidedTable, scored: ScoreTable, used: int) -> None:
    st.subheader("Effect of rules", anchor=False, help="Compared with scores only, at today's thresholds.")
    st.markdown(in_markdown(describe_rule_effect(decided, scored, used, formatting.plural(detector.event_name))))


def describe_rule_effect(decided: DecidedTable, scored: ScoreTable, used: int, noun: str) -> str:
    """Return the fraud caught, and the fraud that scores alone would have caught."""
    alerts, alone = decided.alerts, scored.at(used // 5 * 5)
    caught, frauds = formatting.count(alerts.frauds), formatting.count(decided.all.frauds)
    return (
        f"With rules, {caught} of {frauds} known frauds were caught. "
        f"Scores of {used} or higher alone would have caught {formatting.count(alone.frauds)}. "
        f"False positives: {formatting.count(alerts.legitimate)} {noun} with rules, "
        f"{formatting.count(alone.legitimate)} by score only."
    )


def describe_cost(detector: Detector, decided: DecidedTable, prices: Prices) -> str:
    """Return the cost per day and its parts."""
    cost = decided.cost(prices)
    total, missed, reviews, blocks = (
        formatting.money(part, detector.currency) for part in (cost.total, cost.missed, cost.reviews, cost.wrong_blocks)
    )
    return f"Cost per day: {total} ({missed} missed fraud, {reviews} reviews and {blocks} wrong blocks)."
