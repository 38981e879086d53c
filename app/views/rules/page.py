"""Rules page: live rules and their results, the draft, and the lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

import streamlit as st

from app import clock
from app.api.client import Api, Json
from app.api.detector import Detector
from app.components.outcome_card import empty_state
from app.ui import formatting, times
from app.ui.glossary import meaning
from app.ui.links import show_link
from app.ui.page import in_markdown, show_page
from app.ui.url_state import in_url, one_of
from app.views.rules.draft_view import show_draft
from app.views.rules.lists import show_lists
from app.views.rules.results import RuleFigures, count_downgrades, read_figures, read_overlaps

PARTS = {"use": "Live", "next": "Draft", "lists": "Lists"}
READS = ("part", "rule", "list")
_CLICKED = "rules.clicked"
DAYS = {1: "Today", 7: "7 days", 30: "30 days", 90: "90 days"}


def show() -> None:
    """Show the page."""
    show_page(
        "Rules",
        "How live rules perform, and a draft tested on past {events}.",
        _show_body,
        READS,
    )


def _show_body(api: Api, detector: Detector) -> None:
    part = st.segmented_control(
        "Part of the page",
        list(PARTS),
        required=True,
        format_func=PARTS.__getitem__,
        label_visibility="collapsed",
        width="content",
        **in_url("part", "use", one_of(list(PARTS))),
    )
    if part == "use":
        show_rules_in_use(api, detector)
    elif part == "next":
        show_draft(api, detector)
    else:
        show_lists(api, detector)


def show_rules_in_use(api: Api, detector: Detector) -> None:
    """Show all rules with their results, and one of them in full."""
    rules: Sequence[Json] = detector.document.get("rules") or ()
    if not rules:
        noun = formatting.plural(detector.event_name)
        text = f"The score alone sets the outcome of {noun}. Add a first rule under Draft."
        st.html(empty_state("This version has no rules", text))
        return
    days = _choose_days()
    answer = load_summaries(api.url, days, api)
    figures = read_figures(answer["days"], detector.outcomes[0].name)
    clicked = _show_table(detector, rules, figures)
    _show_freshness(answer)
    chosen = _choose_rule([str(rule["name"]) for rule in rules], clicked)
    rule = next(rule for rule in rules if rule["name"] == chosen)
    _show_rule(api, detector, rule, figures, answer["days"])


@st.cache_data(ttl=60, max_entries=16, show_spinner="Loading …")
def load_summaries(url: str, days: int, _api: Api) -> Json:  # noqa: ARG001 - the URL is the cache's key
    """Return the summaries of the last days, including today."""
    today = clock.today()
    return _api.summaries(today - timedelta(days - 1), today)


def _choose_days() -> int:
    chosen = st.segmented_control(
        "Period", list(DAYS), default=30, format_func=DAYS.__getitem__, key="rules.days", width="content"
    )
    return int(chosen or 30)


def _choose_rule(names: Sequence[str], clicked: str | None) -> str:
    """Return the rule that was clicked last, or chosen in the list, or named in the URL."""
    if clicked and clicked != st.session_state.get(_CLICKED):
        st.query_params["rule"] = clicked
    st.session_state[_CLICKED] = clicked
    return str(st.selectbox("Rule details", names, width=420, **in_url("rule", names[0], one_of(names))))


def state_of(rule: Json) -> str:
    """Return the state of a rule: active, shadow, off or expired."""
    if not rule.get("enabled", True):
        return "Off"
    expires = str(rule.get("expires_at") or "")
    if expires and datetime.fromisoformat(expires) <= clock.now():
        return "Expired"
    return "Shadow" if rule.get("shadow") else "Active"


def _row(rule: Json, figures: RuleFigures) -> Json:
    return {
        "Rule": rule["name"],
        "State": state_of(rule),
        "Outcome": formatting.title(str(rule["outcome"])),
        "Hits": figures.hits,
        "Frauds": figures.frauds,
        "Precision": formatting.hundredths(figures.precision),
        "Saved": figures.saved,
        "Priority": rule["priority"],
        "Expires": rule.get("expires_at"),
    }


def _show_table(detector: Detector, rules: Sequence[Json], figures: Mapping[str, RuleFigures]) -> str | None:
    """Show the table; return the rule of the selected row, None if no row is selected."""
    rows = [_row(rule, figures.get(str(rule["name"]), RuleFigures())) for rule in rules]
    chosen: Any = st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= 10 else 390,
        column_config=_columns(detector),
        placeholder=formatting.NOTHING,
        on_select="rerun",
        selection_mode="single-row",
        key="rules.table",
        alt="Live rules with their results, in the order of evaluation; select one to see it",
    )
    selected = chosen["selection"]["rows"]
    return str(rules[selected[0]]["name"]) if selected and selected[0] < len(rules) else None


def _columns(detector: Detector) -> dict[str, Any]:
    column, symbol = st.column_config, formatting.SYMBOLS.get(detector.currency, "")
    noun = formatting.plural(detector.event_name)
    return {
        "Rule": column.TextColumn(width="medium", help=meaning("rule")),
        "State": column.TextColumn(width=75, help="Active, shadow (recorded only), off, or expired."),
        "Outcome": column.TextColumn(width=85, help=meaning("outcome")),
        "Hits": column.NumberColumn(
            format=formatting.COUNT_FORMAT, width=80, help=f"Number of {noun} that the rule matched."
        ),
        "Frauds": column.NumberColumn(format=formatting.COUNT_FORMAT, width=80, help="Hits labeled as fraud so far."),
        "Precision": column.NumberColumn(
            format=formatting.PERCENT_FORMAT, width=85, help="Share of fraud among the labeled hits."
        ),
        "Saved": column.NumberColumn(
            format=f"{symbol}%,.0f",
            width=100,
            help="Amount of fraud that the rule hit and that was not approved. Shadow rules: fraud it would have hit.",
        ),
        "Priority": column.NumberColumn(format="%d", width=75, help="Lower numbers are evaluated first."),
        "Expires": times.column("Expires", width=150, note="When the rule stops."),
    }


def _show_freshness(answer: Json) -> None:
    until = answer.get("indexed_until")
    if until:
        st.caption(f"Includes decisions and labels through {times.moment(until)}.")
    else:
        st.caption("No decisions in this period. New ones appear after a few minutes.")


def _show_rule(
    api: Api, detector: Detector, rule: Json, figures: Mapping[str, RuleFigures], days: Sequence[Json]
) -> None:
    name = str(rule["name"])
    said, shared = st.columns([7, 5], gap="large")
    with said:
        st.subheader(in_markdown(name), anchor=False)
        # Not `st.code`: for it the browser loads a highlighter of many languages, which takes longer than the page.
        st.html(f'<pre class="tg-expression">{escape(str(rule["expression"]))}</pre>')
        st.caption(in_markdown(_describe(rule)))
        weaker = count_downgrades(api, detector, rule, days)
        if weaker:
            st.caption(f":material/trending_down: {in_markdown(weaker)}")
        noun = formatting.plural(detector.event_name)
        show_link("queue", f"Matching {noun}", {"rule": name})
    with shared:
        _show_overlaps(detector, figures.get(name, RuleFigures()), read_overlaps(days, name))


def _describe(rule: Json) -> str:
    outcome = formatting.title(str(rule["outcome"]))
    doing = {
        "Active": f"Active: matches get the outcome {outcome}.",
        "Shadow": f"Shadow: matches are recorded but no action is taken. The outcome would be {outcome}.",
        "Off": f"Off: the rule is not evaluated. The outcome would be {outcome}.",
        "Expired": f"Expired: the rule is no longer evaluated. The outcome was {outcome}.",
    }[state_of(rule)]
    expires = rule.get("expires_at")
    ends = f" Expires {times.moment(str(expires))}." if expires and state_of(rule) != "Expired" else ""
    return f"{doing} Priority {rule['priority']}.{ends}"


def _show_overlaps(detector: Detector, figures: RuleFigures, overlaps: Sequence[tuple[str, int]]) -> None:
    noun = formatting.plural(detector.event_name)
    st.subheader("Overlap", anchor=False, help=f"Other rules that matched the same {noun}.")
    if not overlaps:
        st.caption("No overlap with other rules." if figures.hits else "No matches in this period.")
        return
    rows = [
        {"Rule": other, "Both": both, "Share": 100 * both / figures.hits if figures.hits else None}
        for other, both in overlaps
    ]
    column = st.column_config
    st.dataframe(
        rows,
        hide_index=True,
        height="content" if len(rows) <= 6 else 250,
        column_config={
            "Both": column.NumberColumn(
                format=formatting.COUNT_FORMAT, help=f"Number of {noun} that both rules matched."
            ),
            "Share": column.ProgressColumn(
                "Share of hits",
                format=formatting.PERCENT_FORMAT,
                min_value=0,
                max_value=100,
                help="Near 100%, the rule adds little.",
            ),
        },
        alt=f"Other rules that matched the same {noun}",
    )


if __name__ == "__main__":  # as Streamlit runs a page
    show()
