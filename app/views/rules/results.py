"""Results of rules: on live payments, with overlaps and downgrades, and of a draft on past events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.ui import formatting, times
from app.ui.page import in_markdown

_LIMIT = 200
_ADDS = "Hits that no earlier rule has."


@dataclass(frozen=True)
class RuleFigures:
    """Payments matched by one rule.

    ``saved`` is the amount of fraud among them that was not approved; for a shadow rule, of the fraud that was
    approved and that the rule would have stopped.
    """

    hits: int = 0
    frauds: int = 0
    legitimate: int = 0
    saved: float = 0.0

    @property
    def precision(self) -> float | None:
        """Share of fraud among the labeled hits; None if no hit is labeled."""
        labeled = self.frauds + self.legitimate
        return self.frauds / labeled if labeled else None


def read_figures(days: Iterable[Json], weakest: str) -> dict[str, RuleFigures]:
    """Return the figures of each rule that hit anything, by its name; ``weakest`` is the weakest outcome."""
    found: dict[str, RuleFigures] = {}
    for tally in (tally for day in days for tally in day.get("rules") or ()):
        known, number = found.get(tally["rule"], RuleFigures()), int(tally["decisions"])
        is_fraud = tally["label"] == "fraud"
        counts = is_fraud and (tally["outcome"] == weakest) is bool(tally["shadow"])
        found[tally["rule"]] = RuleFigures(
            hits=known.hits + number,
            frauds=known.frauds + number * is_fraud,
            legitimate=known.legitimate + number * (tally["label"] == "legitimate"),
            saved=known.saved + float(tally["amount"]) * counts,
        )
    return found


def read_overlaps(days: Iterable[Json], rule: str) -> Sequence[tuple[str, int]]:
    """Return the other rules that hit payments which ``rule`` hit too, with how many of them, the most first."""
    both: Counter[str] = Counter()
    for tally in (tally for day in days for tally in day.get("overlaps") or ()):
        first, second = tally["rules"]
        if rule in (first, second):
            both[second if rule == first else first] += int(tally["decisions"])
    return both.most_common()


def count_downgrades(api: Api, detector: Detector, rule: Json, days: Sequence[Json]) -> str:
    """Return how many decisions of these days a rule weakened, and from which outcomes; empty if none."""
    stronger = _scores_above(detector, str(rule["outcome"]))
    if not days or stronger is None or rule.get("shadow") or not rule.get("enabled", True):
        return ""
    dates = sorted(str(day["day"]) for day in days)
    found = _search(api.url, str(rule["name"]), stronger, dates[0], dates[-1], api)
    taken = [one for one in found["decisions"] if (one.get("downgraded") or {}).get("rule") == rule["name"]]
    if not taken:
        return ""
    counted = Counter(str(one["downgraded"]["from"]) for one in taken)
    listed = " and ".join(f"{count:,} from {formatting.title(name)}" for name, count in counted.most_common())
    frauds = sum((one.get("label") or {}).get("label") == "fraud" for one in taken)
    more = ", and more" if found.get("cursor") else ""
    to = formatting.title(str(rule["outcome"]))
    return f"Downgraded {listed}{more} to {to} in this period. Confirmed fraud: {frauds:,}."


def _scores_above(detector: Detector, outcome: str) -> int | None:
    """Return the lowest score that alone gives a stronger outcome; None if none does, or if the strongest wins."""
    if detector.document.get("rules_mode") == "ALL_MATCHED":
        return None
    order = [str(name) for name in detector.document.get("outcome_order") or ()]
    order = order or [known.name for known in detector.outcomes]
    rank = order.index(outcome) if outcome in order else len(order)
    above = [known.from_score for known in detector.outcomes if known.name in order[rank + 1 :]]
    return min(above, default=None)


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _search(url: str, rule: str, from_score: int, first: str, last: str, _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    terms = {"rule": rule, "from_score": str(from_score), "from": first, "to": last, "limit": str(_LIMIT)}
    return _api.search(terms)


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
        "Precision": formatting.hundredths(rule["precision"]),
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
        "Hits": column.NumberColumn(
            format=formatting.COUNT_FORMAT, help=f"Number of {noun} that the rule would have matched."
        ),
        "Frauds": column.NumberColumn(format=formatting.COUNT_FORMAT),
        "Precision": column.NumberColumn(
            format=formatting.PERCENT_FORMAT, help="Share of fraud among the labeled hits."
        ),
        "Saved": column.NumberColumn(format=f"{symbol}%,.0f", help="Loss from this fraud without the rule."),
        "Costs": column.NumberColumn(
            format=f"{symbol}%,.0f", help="Cost of reviewing the hits, or of blocking legitimate ones."
        ),
        "Affected": column.NumberColumn(
            format=formatting.COUNT_FORMAT, help="Good customers with a hit (upper limit)."
        ),
        "Downgraded": column.NumberColumn(
            format=formatting.COUNT_FORMAT, help="Hits for which the score alone would have given a stronger outcome."
        ),
        "Unique hits": column.NumberColumn(format=formatting.COUNT_FORMAT, help=_ADDS),
        "Unique frauds": column.NumberColumn(format=formatting.COUNT_FORMAT, help="Fraud among the unique hits."),
    }


def _describe_data(trial: Json, noun: str) -> str:
    period = trial.get("period") or {}
    days = times.period(period.get("from"), period.get("to"))
    whole = f"{formatting.count(trial['events'])} {noun} from {days}, {formatting.count(trial['frauds'])} of them fraud"
    assumed = "They were not used in training. Each rule is treated as active."
    if not trial["estimated"]:
        return f"Based on {whole}. {assumed}"
    return f"Estimates for {whole}, based on a sample of {formatting.count(trial['rows'])}. {assumed}"
