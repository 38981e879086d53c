"""What the review queue shows: its filters, which are in the page's address as well, and the search they mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import streamlit as st

from app import wording
from app.client import Json
from app.day_news import outcome_order
from app.detector import Detector

ANY = "any"
PAGE = 50
DAYS = {"1": "Today", "7": "7 days", "30": "30 days"}
LABELS = {"none": "Not labelled", "fraud": "Fraud", "legitimate": "Legitimate", ANY: "Any label"}
SORTS = {"money_at_risk": "Money at risk", "amount": "Amount", "score": "Score", "newest": "Newest first"}
_SCORES = (0, 1000)


@dataclass(frozen=True)
class QueueTerms:
    """Which decisions are asked for."""

    outcome: str
    days: int
    label: str
    sort: str
    rule: str
    from_score: int
    to_score: int

    def takes(self, label: str) -> bool:
        """Return whether a payment with this label is still asked for."""
        return self.label in (ANY, label)

    @property
    def first(self) -> date:
        """The first day, in UTC."""
        return datetime.now(UTC).date() - timedelta(self.days - 1)

    @property
    def searched(self) -> dict[str, str]:
        """The query of ``GET /v1/decisions``."""
        whole = (self.from_score, self.to_score) == _SCORES
        return {
            "from": self.first.isoformat(),
            "outcome": "" if self.outcome == ANY else self.outcome,
            "label": "" if self.label == ANY else self.label,
            "rule": "" if self.rule == ANY else self.rule,
            "from_score": "" if whole else str(self.from_score),
            "to_score": "" if whole else str(self.to_score),
            "sort": self.sort,
            "limit": str(PAGE),
        }


def show_filters(detector: Detector) -> QueueTerms:
    """Show the filters in one line; return what they say."""
    order = list(outcome_order(detector))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="queue-filters"):
        outcome = st.segmented_control(
            "Outcome", [*reversed(order), ANY], default=usual_outcome(order), required=True, key="outcome",
            format_func=lambda name: "All" if name == ANY else wording.title(name), bind="query-params",
        )  # fmt: skip
        days = st.segmented_control(
            "Decided in", list(DAYS), default="7", required=True, key="days", format_func=DAYS.__getitem__,
            bind="query-params", help="Days are in UTC. The search goes by the day of the decision.",
        )  # fmt: skip
        label = st.selectbox(
            "Label", list(LABELS), key="label", format_func=LABELS.__getitem__, bind="query-params", width=140
        )
        sort = st.selectbox(
            "First comes", list(SORTS), key="sort", format_func=SORTS.__getitem__, bind="query-params", width=150,
            help="Money at risk is probability of fraud × amount: what the payment is expected to cost.",
        )  # fmt: skip
        with st.popover("Rule and score", icon=":material/tune:"):
            rule, (low, high) = _show_more(detector)
    return QueueTerms(str(outcome), int(days or 7), str(label), str(sort), rule, low, high)


def usual_outcome(order: list[str]) -> str:
    """Return what a person is to look at: the outcome below the strongest, which is not the mildest."""
    return order[-2] if len(order) > 2 else order[-1]


def _show_more(detector: Detector) -> tuple[str, tuple[int, int]]:
    rules: list[Json] = detector.document.get("rules") or []
    names = [str(rule.get("name") or rule.get("rule")) for rule in rules]
    rule = ANY
    if names:
        rule = st.selectbox(
            "Rule that matched", [ANY, *names], key="rule", bind="query-params",
            format_func=lambda name: "Any rule, or none" if name == ANY else name,
        )  # fmt: skip
    else:
        st.caption("This detector has no rules: its score alone decides.")
    scores = st.slider("Score", *_SCORES, _SCORES, step=5, key="score", bind="query-params", help=wording.SCORE_HELP)
    return str(rule), scores
