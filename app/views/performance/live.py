"""Live results: metrics of days whose labels are final, as decided with rules, and the days that are still open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from app import clock
from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.charts import show_chart
from app.components.confusion import APPROVED, confusion_matrix
from app.components.live_days import LiveDay, matures_on, read_live_days
from app.components.outcome_card import empty_state
from app.components.score_table import Acted, ScoreTable, add_days, measure, measure_acted
from app.ui import formatting, times
from app.ui.links import show_link
from app.ui.page import in_markdown
from app.views.performance.charts import days_chart
from app.views.performance.costs import Cost, Prices
from app.views.performance.threshold_panel import show_figures, show_money, used_threshold

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
    text = f"Fraud is reported late. The first of these days will have final labels on {times.day(first)}."
    return "No days with final labels yet", text


def show_days(days: Sequence[LiveDay], count: Callable[[Json], tuple[int, int]], detector: Detector) -> None:
    """Show the fraud of each day, caught and missed by ``count``, and which days are open."""
    delay = (detector.label_delay_s or 0) / 86_400
    note = f"A day's labels are final {delay:g} days later, at {times.utc_midnight()}. Pale days are still open."
    st.subheader("Fraud by day", anchor=False, help=note)
    show_chart(days_chart(days, count), alt="Known frauds of each day, caught and missed")
    open_days = [live for live in days if not live.is_mature]
    if open_days:
        first, last = times.day(open_days[0].day), times.day(open_days[-1].day)
        span = first if len(open_days) == 1 else f"{first} to {last}"
        is_are = "is" if len(open_days) == 1 else "are"
        st.caption(
            f"Pale: {span} {is_are} still open. Fraud on these days may be reported until "
            f"{times.day(open_days[-1].matures)}. The metrics above leave them out unless you include open days."
        )


@dataclass(frozen=True)
class DecidedTable:
    """Fraudulent and legitimate events by outcome, the mildest first, over a number of days."""

    outcomes: Mapping[str, Acted]
    days: float

    @property
    def all(self) -> Acted:
        """All of them."""
        return _add(self.outcomes.values())

    @property
    def alerts(self) -> Acted:
        """Events that were not approved."""
        return _add(list(self.outcomes.values())[1:])

    def cost(self, prices: Prices) -> Cost:
        """Return the cost per day: missed fraud, a review for each outcome between the ends, and wrong blocks."""
        *reviewed, blocked = list(self.outcomes.values())[1:] or [_add(())]
        missed = self.all.frauds - self.alerts.frauds
        amount = (self.all.fraud_amount or 0.0) - (self.alerts.fraud_amount or 0.0)
        reviews = sum(one.frauds + one.legitimate for one in reviewed)
        days = self.days or 1
        return Cost(
            missed=(amount if prices.missed is None else missed * prices.missed) / days,
            reviews=reviews * prices.review / days,
            wrong_blocks=blocked.legitimate * prices.wrong_block / days,
        )


def add_outcomes(days: Sequence[Json], order: Sequence[str]) -> DecidedTable:
    """Return the table of ``GET /v1/summaries``' days; unlabeled events count as legitimate.

    ``order`` has the outcomes, the mildest first.
    """
    cells = {name: [0, 0, 0.0, 0.0] for name in order}
    for row in (row for day in days for row in day["outcomes"]):
        cell, is_legitimate = cells.setdefault(str(row["outcome"]), [0, 0, 0.0, 0.0]), row["label"] != "fraud"
        cell[is_legitimate] += int(row["decisions"])
        cell[2 + is_legitimate] += float(row["amount"])
    tables = {
        name: Acted(int(frauds), int(others), round(lost, 2), round(worth, 2))
        for name, (frauds, others, lost, worth) in cells.items()
    }
    return DecidedTable(tables, len(days))


def count_decided(summary: Json, mildest: str) -> tuple[int, int]:
    """Return how many known frauds of a day were reviewed or blocked, and how many were approved."""
    frauds = [row for row in summary["outcomes"] if row["label"] == "fraud"]
    missed = sum(int(row["decisions"]) for row in frauds if row["outcome"] == mildest)
    return sum(int(row["decisions"]) for row in frauds) - missed, missed


def _add(several: Iterable[Acted]) -> Acted:
    rows = list(several)
    return Acted(
        sum(row.frauds for row in rows),
        sum(row.legitimate for row in rows),
        round(sum(row.fraud_amount or 0.0 for row in rows), 2),
        round(sum(row.legitimate_amount or 0.0 for row in rows), 2),
    )


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
