"""Details of a decision: exceptions, the stored record, the label, and the profiles at decision time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.ui import formatting, times
from app.ui.page import in_markdown, problems_shown

LABELS = {"fraud": "Fraud", "legitimate": "Legitimate"}
STEPS = {
    "read": "Reading profiles",
    "decide": "Features, model and rules",
    "explain": "Reasons",
    "write": "Saving",
    "total": "Total",
}
# Counts of events, each of which adds 1 and fades; sums are rounded to so much.
_COUNTS = ("count", "unusual_count", "fraud_count", "ordinary_fraud_count", "legitimate_count")
_FRAUDS = ("fraud_count", "ordinary_fraud_count")
_ROUNDED = 0.001


def show_exceptions(decision: Json) -> None:
    """Show missing data, the effect of the block limit, and a corrected time."""
    degraded = decision.get("degraded")
    if isinstance(degraded, dict):
        missing = ", ".join(str(name) for name in degraded.get("missing") or ())
        st.warning(
            in_markdown(f"This decision was made without all its data. Missing: {missing}."), icon=":material/warning:"
        )
    if decision.get("braked"):
        st.warning("This would have been blocked, but the block limit was reached.", icon=":material/speed:")
    skew = decision.get("clock")
    if isinstance(skew, dict):
        st.warning(
            f"The event's time, {times.moment(skew.get('given'))}, is in the future. The decision used "
            f"{times.moment(skew.get('used'))} instead. Check the sender's clock and time zone.",
            icon=":material/schedule:",
        )


def show_record(detector: Detector, decision: Json, answer: Json) -> None:
    """Show the stored record and the time of each step; ``answer`` is empty for an earlier decision."""
    noun = detector.event_name
    st.caption(
        in_markdown(
            f"Event {decision.get('event_id')}, decided {times.moment(decision.get('decided_at'))} by detector "
            f"version {decision.get('detector_version')}. If the same event ID is sent again, it gets the same "
            "decision and counts once."
        )
    )
    timings = answer.get("timings_ms") or {}
    if not timings:
        st.caption(f"Timings are not stored. They are shown only right after you score a {noun} here.")
        return
    rows = [[name, formatting.milliseconds(timings[step])] for step, name in STEPS.items() if step in timings]
    st.html(html_table("Time inside the API", ["Step", "Time"], rows))
    st.caption("Time inside the API, from reading profiles to saving the decision. Network time is not included.")


def show_label(api: Api, decision: Json) -> bool:
    """Let the analyst label the event, and show an earlier label; return whether it was labeled."""
    event_id = str(decision.get("event_id") or "")
    known = decision.get("label")
    question = "**Label this event**"
    if isinstance(known, dict):
        question = f"Labeled **{known.get('label')}** since {times.moment(known.get('known_at'), time=False)}"
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, key="label"):
        st.markdown(question, width="stretch", help="A label updates the profiles and is used in the next training.")
        pressed = [label for label in LABELS if st.button(LABELS[label], key=f"label-{label}")]
    labeled = False
    for label in pressed:
        with problems_shown():
            already = api.label(event_id, label).get("status") == "unchanged"
            st.success("It already has this label." if already else f"Labeled as {label}.", icon=":material/check:")
            labeled = True
    return labeled


# Columns of the table of profiles: heading, and the operations that fill it, the most informative first.
COLUMNS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("{Events}", ("count",)),
    ("Usual amount", ("mean_amount",)),
    ("Unusually large amounts", ("unusual_count",)),
    ("Confirmed fraud", ("fraud_count", "ordinary_fraud_count")),
    ("Confirmed legitimate", ("legitimate_count",)),
    ("Distance from usual location", ("distance_km",)),
)
WHOLE = (
    "5+ (4.0) means at least 5, with a combined weight of 4.0 now. A {event} starts with a weight of 1, which halves "
    "after each half-life."
)
HELP = (
    "Profiles before this {event} was added. Older {events} weigh less: half after one half-life, a quarter after two. "
    "A dash: not kept for this half-life, or too little data."
)


def show_known(detector: Detector, histories: Sequence[Json]) -> None:
    """Show the profile of each entity, for a half-life that can be chosen."""
    noun = detector.event_name
    spans = sorted({float(fact["half_life_s"]) for known in histories for fact in known["facts"]})
    if not spans:
        st.caption(f"This {noun} has no customer, merchant or other entity with a profile.")
        return
    chosen = st.segmented_control(
        "Half-life",
        spans,
        default=spans[-1],
        required=True,
        format_func=formatting.duration,
        key="known-span",
        help=HELP.format(event=noun, events=formatting.plural(noun)),
    )
    span = float(chosen or spans[-1])
    tables = [dict(_facts_over(known, span)) for known in histories]
    kept = [(heading, names) for heading, names in COLUMNS if any(set(names) & table.keys() for table in tables)]
    headings = ["Entity", *(heading.format(Events=formatting.title(formatting.plural(noun))) for heading, _ in kept)]
    rows = [
        [_who(known), *(_cell(known, table, names, detector.currency) for _, names in kept)]
        for known, table in zip(histories, tables, strict=True)
    ]
    st.html(html_table(f"Profiles with a half-life of {formatting.duration(span)}", headings, rows))
    st.caption(
        in_markdown(" ".join(filter(None, [WHOLE.format(event=noun), explain_outweighed(histories, tables, noun)])))
    )
    st.caption(_newcomers(histories, noun))


def _facts_over(known: Json, span: float) -> list[tuple[str, Json]]:
    return [(str(fact["operation"]), fact) for fact in known["facts"] if float(fact["half_life_s"]) == span]


def _who(known: Json) -> str:
    name = formatting.title(" and ".join(formatting.entity(str(column)) for column in known["columns"]))
    return f"{name} {' + '.join(known['key'])}" if known["key"] and len(known["key"]) == 1 else name


def _cell(known: Json, facts: Mapping[str, Json], operations: Sequence[str], currency: str) -> str:
    if known["key"] is None:
        return "not given"
    fact = next((facts[operation] for operation in operations if operation in facts), None)
    if fact is None:
        return formatting.NOTHING
    least = at_least(known, operations)
    return f"{formatting.count(least)}+ ({say_fact(fact, currency)})" if least else say_fact(fact, currency)


def at_least(known: Json, operations: Sequence[str]) -> int:
    """Return how many there were at least: each adds 1 or less, most over the longest half-life. 0: it is no count.

    A known fraud is an earlier event too, so there were no fewer of these.
    """
    names = {*operations, *(_FRAUDS if "count" in operations else ())} & set(_COUNTS)
    by_span = sorted(known["facts"], key=lambda fact: float(fact["half_life_s"]))
    longest = {fact["operation"]: float(fact["value"] or 0.0) for fact in by_span if fact["operation"] in names}
    return math.ceil(max(longest.values(), default=0.0) - _ROUNDED)


def explain_outweighed(histories: Sequence[Json], tables: Sequence[Mapping[str, Json]], noun: str) -> str:
    """Return why an entity has more confirmed fraud than events, where the weights make it look so."""
    odd = []
    for known, table in zip(histories, tables, strict=True):
        frauds = max((float(table[name]["value"] or 0.0) for name in _FRAUDS if name in table), default=0.0)
        if "count" in table and frauds > float(table["count"]["value"] or 0.0) + _ROUNDED:
            odd.append(" + ".join(formatting.entity(str(column)) for column in known["columns"]))
    if not odd:
        return ""
    named = odd[0] if len(odd) == 1 else f"{', '.join(odd[:-1])} and {odd[-1]}"
    return (
        f"For {named}, confirmed fraud outweighs all {formatting.plural(noun)}: a {noun} loses weight from "
        "when it was made, a fraud only from the day it was confirmed."
    )


def say_fact(fact: Json, currency: str) -> str:
    """Return a fact's value with its unit."""
    value = fact.get("value")
    if value is None:
        return formatting.NOTHING
    number = float(value)
    return {
        "amount": lambda: formatting.money(number, currency, cents=True),
        "share": lambda: formatting.percent(number),
        "km": lambda: f"{number:,.0f}\u00a0km",
        "days": lambda: f"{number:,.1f} days",
    }.get(str(fact.get("unit")), lambda: _faded(number))()


def _faded(count: float) -> str:
    if count < 0.005:
        return "none"
    return f"{count:,.0f}" if count >= 100 else f"{count:,.1f}" if count >= 0.05 else "almost none"


def _newcomers(histories: Sequence[Json], noun: str) -> str:
    """Return which entities have no earlier events."""
    new = [
        " and ".join(formatting.entity(str(column)) for column in known["columns"])
        for known in histories
        if known["key"] is not None and not known["remembered"]
    ]
    if not new:
        return f"Each entity and each pair has earlier {formatting.plural(noun)}."
    return f"No earlier {formatting.plural(noun)} on record for this " + ", or this ".join(new) + "."


def html_table(label: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of texts; the first cell of each row is its heading."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="tg-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="tg-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )
