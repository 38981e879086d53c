"""Search for open cases: its filters, kept in the URL, and its results without those labeled in this session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import streamlit as st

from app import clock
from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.case import entity_columns, load_case
from app.ui import formatting, times
from app.ui.url_state import in_url, one_of
from app.views.queue.case_list import EVENT, LIMIT, PAGE
from app.views.queue.labels import latest_by_event

ANY = "any"
DAYS = {"1": "Today", "7": "7 days", "30": "30 days"}
LABELS = {"none": "Not labeled", "fraud": "Fraud", "legitimate": "Legitimate", ANY: "Any label"}
SORTS = {"money_at_risk": "Money at risk", "amount": "Amount", "score": "Score", "newest": "Newest first"}
FILTERS = ("outcome", "days", "label", "sort", "rule", "score", "entity", "key")
_SCORES = (0, 1000)


@dataclass(frozen=True)
class QueueTerms:
    """Search terms for decisions. ``entity`` is one entity's name and key, such as ``customer:c000170``, or empty."""

    outcome: str
    days: int
    label: str
    sort: str
    rule: str
    from_score: int
    to_score: int
    limit: int = PAGE
    entity: str = ""

    def takes(self, label: str) -> bool:
        """Return whether a payment with this label matches."""
        return self.label in (ANY, label)

    @property
    def name_and_key(self) -> tuple[str, str]:
        """The name and the key of the entity, both empty for none."""
        name, _, key = self.entity.partition(":")
        return name, key

    @property
    def first(self) -> date:
        """The first day, in UTC."""
        return clock.today() - timedelta(self.days - 1)

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
            "entity": self.entity,
            "limit": str(self.limit),
        }


def default_terms(detector: Detector) -> QueueTerms:
    """Return the terms before anybody changes a filter."""
    return QueueTerms(review_outcome(detector.outcome_names()), 7, "none", "money_at_risk", ANY, *_SCORES)


def show_filters(detector: Detector) -> QueueTerms:
    """Show the filters in one line; return what they say."""
    order, default = detector.outcome_names(), default_terms(detector)
    outcomes = [*reversed(order), *([default.outcome] if default.outcome not in order else []), ANY]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="queue-filters"):
        outcome = st.segmented_control(
            "Outcome", outcomes, required=True, **in_url("outcome", default.outcome, one_of(outcomes)),
            format_func=lambda name: "All" if name == ANY else " or ".join(map(formatting.title, name.split(","))),
        )  # fmt: skip
        days = st.segmented_control(
            "Decision date", list(DAYS), required=True, **in_url("days", str(default.days), one_of(list(DAYS))),
            format_func=DAYS.__getitem__, help=f"Date of the decision. Days start at {times.utc_midnight()}.",
        )  # fmt: skip
        label = st.selectbox(
            "Label", list(LABELS), **in_url("label", default.label, one_of(list(LABELS))),
            format_func=LABELS.__getitem__, width=140,
        )  # fmt: skip
        sort = st.selectbox(
            "Sort by", list(SORTS), **in_url("sort", default.sort, one_of(list(SORTS))),
            format_func=SORTS.__getitem__, width=150,
            help="Money at risk is probability of fraud × amount: the expected loss if the payment is approved.",
        )  # fmt: skip
        with st.popover("Rule and score", icon=":material/tune:"):
            rule, (low, high) = _show_more(detector)
    return QueueTerms(
        str(outcome),
        int(days or default.days),
        str(label),
        str(sort),
        rule,
        low,
        high,
        st.session_state.get(LIMIT, PAGE),
    )


def show_entity_search(detector: Detector) -> str:
    """Show the search for the payments of one entity; return its name and key, or an empty text."""
    names = list(entity_columns(detector))
    if not names:
        return ""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="queue-entity"):
        name = st.selectbox(
            "Search by", names, width=115, format_func=formatting.title,
            **_opening_the_first(in_url("entity", names[0], one_of(names))),
        )  # fmt: skip
        key = st.text_input(
            "Value", placeholder="Exact ID", width="stretch",
            **_opening_the_first(in_url("key", "", str.strip, str.strip)),
            help="Lists the payments of this one entity that match the filters above.",
        )  # fmt: skip
    return f"{name}:{key.strip()}" if key.strip() else ""


def _opening_the_first(bound: dict[str, Any]) -> dict[str, Any]:
    """Return a widget's arguments such that a change also closes the open case: the first one found opens."""
    keep = bound["on_change"]

    def change() -> None:
        keep()
        st.query_params.pop(EVENT, None)

    return {**bound, "on_change": change}


def all_of_entity(entity: str, key: str) -> dict[str, str]:
    """Return the queue's query for all payments of an entity in the last 30 days."""
    return {"entity": entity, "key": key, "outcome": ANY, "label": ANY, "days": "30", "sort": "newest"}


def review_outcome(order: list[str]) -> str:
    """Return the outcomes for manual review, with commas between them: those between the mildest and the strongest."""
    return ",".join(reversed(order[1:-1])) or order[-1]


def _show_more(detector: Detector) -> tuple[str, tuple[int, int]]:
    rules: list[Json] = detector.document.get("rules") or []
    names = [ANY, *(str(rule["name"]) for rule in rules)]
    rule = st.selectbox(
        "Matched rule", names, **in_url("rule", ANY, one_of(names)), disabled=not rules,
        format_func=lambda name: "Any rule, or none" if name == ANY else name,
        help=None if rules else "This detector has no rules. The score alone sets the outcome.",
    )  # fmt: skip
    scores = st.slider(
        "Score", *_SCORES, step=5, help=formatting.SCORE_HELP,
        **in_url("score", _SCORES, _read_scores, lambda span: f"{span[0]}-{span[1]}"),
    )  # fmt: skip
    return str(rule), scores


def _read_scores(text: str) -> tuple[int, int]:
    low, high = (int(part) for part in text.split("-"))
    if not _SCORES[0] <= low <= high <= _SCORES[1]:
        raise ValueError(text)
    return low, high


def find_cases(api: Api, terms: QueueTerms) -> Json:
    """Return the answer of ``GET /v1/decisions``; raise ``ApiProblem`` without it."""
    return _search(api.url, tuple(sorted(terms.searched.items())), api)


@st.cache_data(ttl=30, max_entries=50, show_spinner=False)
def _search(url: str, terms: tuple[tuple[str, str], ...], _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    return _api.search(dict(terms))


def left_of(found: Sequence[Json], terms: QueueTerms) -> list[Json]:
    """Return the cases that still match: the index learns of a label only after some minutes."""
    given = latest_by_event()
    return [one for one in found if one["event_id"] not in given or terms.takes(given[one["event_id"]].label)]


def load_first_case(api: Api, detector: Detector) -> None:
    """Load the queue and its first case into the cache; raise ``ApiProblem``."""
    terms = default_terms(detector)
    for case in left_of(find_cases(api, terms)["decisions"], terms)[:1]:
        load_case(api, detector, str(case["event_id"]))
