"""Backtest: results of the draft's rules on past events, as estimated by the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.ui import formatting
from app.ui.page import in_markdown

_ADDS = "Hits that no earlier rule has."


def show_trial(detector: Detector, trial: Json, chosen: str) -> None:
    """Show the results of one rule as tiles, of all rules as a table, and the data behind them."""
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
        alt="Backtest results of the draft's rules, in the order of evaluation",
    )
    for rule in trial["rules"]:
        for note in rule.get("notes") or ():
            st.caption(f":material/lightbulb: {in_markdown(' '.join((str(rule['rule']), str(note))))}")
    st.caption(in_markdown(_describe_data(trial, noun)))


def _show_one(detector: Detector, rule: Json, noun: str) -> None:
    hits, added, precision, spent = rule["hits"], rule["added"], rule["precision"], rule["spent"]
    price = None if spent is None else f"costs {formatting.money(spent, detector.currency)}"
    share = None if precision is None else f"precision {formatting.percent(precision)}"
    saved, disturbed = formatting.money(hits["saved"], detector.currency), formatting.count(rule["disturbed"])
    figures = (
        ("Hits", formatting.count(hits["events"]), None, f"Number of {noun} that the rule would have matched."),
        (
            "Fraud hits",
            formatting.count(hits["frauds"]),
            share,
            "Precision is their share of the labeled hits.",
        ),
        ("Money saved", saved, price, "Loss from this fraud without the rule. Small print: reviews and wrong blocks."),
        (
            "Good customers affected",
            disturbed,
            None,
            "Upper limit: customers with a legitimate hit. Zero if the rule approves.",
        ),
        ("Unique hits", formatting.count(added["events"]), f"{formatting.count(added['frauds'])} frauds", _ADDS),
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
        st.caption(f"{formatting.count(rule['lacking'])} {noun} have no value for a variable in this rule.")


def _row(rule: Json) -> Json:
    return {
        "Rule": rule["rule"],
        "Outcome": formatting.title(str(rule["outcome"])),
        "Hits": rule["hits"]["events"],
        "Frauds": rule["hits"]["frauds"],
        "Precision": rule["precision"],
        "Saved": rule["hits"]["saved"],
        "Costs": rule["spent"],
        "Affected": rule["disturbed"],
        "Downgraded": sum(one["events"] for one in rule.get("downgrades") or ()),
        "Unique hits": rule["added"]["events"],
        "Unique frauds": rule["added"]["frauds"],
    }


def _columns(detector: Detector, noun: str) -> Mapping[str, Any]:
    column, symbol = st.column_config, formatting.SYMBOLS.get(detector.currency, "")
    return {
        "Rule": column.TextColumn(width="medium"),
        "Outcome": column.TextColumn(width=85),
        "Hits": column.NumberColumn(format="localized", help=f"Number of {noun} that the rule would have matched."),
        "Frauds": column.NumberColumn(format="localized"),
        "Precision": column.NumberColumn(format="percent", help="Share of fraud among the labeled hits."),
        "Saved": column.NumberColumn(format=f"{symbol}%,.0f", help="Loss from this fraud without the rule."),
        "Costs": column.NumberColumn(
            format=f"{symbol}%,.0f", help="Cost of reviewing the hits, or of blocking legitimate ones."
        ),
        "Affected": column.NumberColumn(format="localized", help="Good customers with a hit (upper limit)."),
        "Downgraded": column.NumberColumn(
            format="localized", help="Hits for which the score alone would have given a stronger outcome."
        ),
        "Unique hits": column.NumberColumn(format="localized", help=_ADDS),
        "Unique frauds": column.NumberColumn(format="localized", help="Fraud among the unique hits."),
    }


def _describe_data(trial: Json, noun: str) -> str:
    period = trial.get("period") or {}
    days = f"{formatting.moment(period.get('from'), time=False)} to {formatting.moment(period.get('to'), time=False)}"
    whole = f"{formatting.count(trial['events'])} {noun} from {days}, {formatting.count(trial['frauds'])} of them fraud"
    assumed = "They were not used in training. Each rule is treated as active."
    if not trial["estimated"]:
        return f"Based on {whole}. {assumed}"
    return f"Estimates for {whole}, based on a sample of {formatting.count(trial['rows'])}. {assumed}"
