"""What the draft's rules would have done to past events, as the API estimates it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.ui import formatting
from app.ui.page import in_markdown

_ADDS = "Hits that no rule asked before it has."


def show_trial(detector: Detector, trial: Json, chosen: str) -> None:
    """Show the figures of one rule large, those of all rules in a table, and where they come from."""
    noun = formatting.plural(detector.event_name)
    tried = {str(rule["rule"]): rule for rule in trial["rules"]}
    if chosen in tried:
        _show_one(detector, tried[chosen], noun)
    st.dataframe(
        [_row(rule) for rule in trial["rules"]],
        hide_index=True,
        height="content" if len(tried) <= 8 else 320,
        column_config=_columns(detector, noun),
        placeholder=formatting.NOTHING,
        alt="What each rule of the draft would have done, in the order in which they are asked",
    )
    for rule in trial["rules"]:
        for note in rule.get("notes") or ():
            st.caption(f":material/lightbulb: {in_markdown(' '.join((str(rule['rule']), str(note))))}")
    st.caption(in_markdown(_say_where_from(trial, noun)))


def _show_one(detector: Detector, rule: Json, noun: str) -> None:
    hits, added, precision, spent = rule["hits"], rule["added"], rule["precision"], rule["spent"]
    price = None if spent is None else f"costs {formatting.money(spent, detector.currency)}"
    share = None if precision is None else f"precision {formatting.percent(precision)}"
    saved, disturbed = formatting.money(hits["saved"], detector.currency), formatting.count(rule["disturbed"])
    figures = (
        ("Hits", formatting.count(hits["events"]), None, f"How many {noun} it would have matched."),
        (
            "Frauds among them",
            formatting.count(hits["frauds"]),
            share,
            "Precision is their share of the labelled hits.",
        ),
        ("Money saved", saved, price, "What these frauds would have cost, and what reviews and wrong blocks would."),
        ("Customers disturbed", disturbed, None, "Those with a legitimate hit, at most; none if the rule approves."),
        ("Adds", formatting.count(added["events"]), f"{formatting.count(added['frauds'])} frauds", _ADDS),
    )
    for cell, (name, value, beside, note) in zip(st.columns(len(figures)), figures, strict=True):
        delta = None if beside is None else in_markdown(beside)
        cell.metric(
            name,
            in_markdown(value),
            delta,
            delta_color="off",
            delta_arrow="off",
            border=True,
            help=note,
            height="stretch",
        )
    if rule["lacking"]:
        st.caption(f"{formatting.count(rule['lacking'])} {noun} lack a value that it reads.")


def _row(rule: Json) -> Json:
    return {
        "Rule": rule["rule"],
        "Outcome": formatting.title(str(rule["outcome"])),
        "Hits": rule["hits"]["events"],
        "Frauds": rule["hits"]["frauds"],
        "Precision": rule["precision"],
        "Saved": rule["hits"]["saved"],
        "Costs": rule["spent"],
        "Disturbed": rule["disturbed"],
        "Downgraded": sum(one["events"] for one in rule.get("downgrades") or ()),
        "Adds": rule["added"]["events"],
        "Adds frauds": rule["added"]["frauds"],
    }


def _columns(detector: Detector, noun: str) -> Mapping[str, Any]:
    column, symbol = st.column_config, formatting.SYMBOLS.get(detector.currency, "")
    return {
        "Rule": column.TextColumn(width="medium"),
        "Outcome": column.TextColumn(width=85),
        "Hits": column.NumberColumn(format="localized", help=f"How many {noun} it would have matched."),
        "Frauds": column.NumberColumn(format="localized"),
        "Precision": column.NumberColumn(format="percent", help="The share of frauds among the labelled hits."),
        "Saved": column.NumberColumn(format=f"{symbol}%,.0f", help="What these frauds would have cost."),
        "Costs": column.NumberColumn(
            format=f"{symbol}%,.0f", help="What reviewing, or wrongly blocking, its hits would have cost."
        ),
        "Disturbed": column.NumberColumn(format="localized", help="Customers with a legitimate hit, at most."),
        "Downgraded": column.NumberColumn(
            format="localized", help="Hits that the score alone would give a stronger outcome."
        ),
        "Adds": column.NumberColumn(format="localized", help=_ADDS),
        "Adds frauds": column.NumberColumn(format="localized"),
    }


def _say_where_from(trial: Json, noun: str) -> str:
    period = trial.get("period") or {}
    days = f"{formatting.moment(period.get('from'), time=False)} to {formatting.moment(period.get('to'), time=False)}"
    whole = f"{formatting.count(trial['events'])} {noun} from {days}, {formatting.count(trial['frauds'])} of them fraud"
    asked = "each rule as if it were switched on and acted"
    if not trial["estimated"]:
        return f"Of the {whole}, which the model was not trained on; {asked}."
    return (
        f"Estimates of the {whole}, which the model was not trained on, from {formatting.count(trial['rows'])} of them "
        f"that stand for the rest; {asked}."
    )
