"""Case view: the event, reasons and rules, the customer's payments, linked payments, and lists to add a value to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.case import HISTORY_DAYS, LINK_DAYS, Case, entity_columns
from app.components.charts import show_chart
from app.components.matched_rules import describe_downgrade, show_rules
from app.components.outcome_card import describe_override, empty_state, tone_of
from app.components.reasons import HELP, explain_missing, reasons_list
from app.ui import formatting, times
from app.ui.links import show_link
from app.ui.page import in_markdown, show_problem
from app.views.queue.charts import FRAUD, MAX_DRAWN, Mark, build_graph, graph_chart, mark_payment, timeline_chart
from app.views.queue.search import all_of_entity

_REASONS = 5
_SAID = "add-to-list.said"


def show_case(api: Api, detector: Detector, case: Case) -> None:
    """Show a case. Only what its buttons do asks the API."""
    st.html(case_head(detector, case.decision))
    why, around = st.columns([1, 1], gap="medium")
    with why, st.container(key="case-why", gap="xsmall"):
        _show_why(detector, case.decision)
        _show_event(detector, case.decision)
        show_add_to_list(api, detector, case.decision)
    with around:
        this = _this(detector, case)
        _show_history(detector, case, this)
        _show_links(detector, case, this)


def case_head(detector: Detector, decision: Json) -> str:
    """Return the head of a case as HTML: outcome, amount, score, time and label."""
    event, score = decision.get("event") or {}, decision.get("score")
    amount, probability = event.get(detector.column("amount")), decision.get("probability")
    money = formatting.money(_number(amount), detector.currency, cents=True)
    at_risk = None if probability is None or _number(amount) is None else probability * (_number(amount) or 0.0)
    outcome = str(decision.get("outcome"))
    facts = [
        ("Score", "no score" if score is None else f"{score} of 1000"),
        ("Probability of fraud", formatting.percent(probability)),
        ("Money at risk", formatting.money(at_risk, detector.currency, cents=True)),
        ("Time", times.moment(str(event.get(detector.column("timestamp")) or ""))),
        ("Event", str(decision.get("event_id"))),
    ]
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return (
        f'<section class="tg-case tg-tone-{tone_of(outcome, detector)}" aria-label="Case">'
        f'<div class="tg-case-what"><b>{escape(formatting.title(outcome))}</b><span>{escape(money)}</span></div>'
        f'<dl class="tg-facts">{cells}</dl></section>{_downgrade_line(decision)}{_label_line(decision)}'
    )


def _downgrade_line(decision: Json) -> str:
    said = describe_downgrade(decision)
    return f'<p class="tg-label">{escape(said)}</p>' if said else ""


def _label_line(decision: Json) -> str:
    label = decision.get("label")
    if not label:
        return ""
    by = f" by {label['labelled_by']}" if label.get("labelled_by") else ""
    note = f" Note: “{label['note']}”" if label.get("note") else ""
    text = f"Labeled {label['label']}{by}, known since {times.moment(label.get('known_at'))}.{note}"
    return f'<p class="tg-label">{escape(text)}</p>'


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _show_why(detector: Detector, decision: Json) -> None:
    reasons = decision.get("reasons") or []
    about = HELP.format(event=detector.event_name)
    st.subheader("Why", anchor=False, help=f"The {_REASONS} reasons with the largest effect. {about}")
    if changed := describe_override(detector, decision):
        st.caption(f":orange[:material/rule:] {in_markdown(changed)}")
    if reasons:
        st.html(reasons_list(reasons, _REASONS))
    else:
        st.caption(explain_missing(detector, decision))
    if decision.get("reasons_approximate"):
        st.caption("These reasons are approximate. They do not add up exactly.")
    show_rules(detector, decision)
    for answer in decision.get("lists") or []:
        if answer.get("found"):
            st.caption(in_markdown(f"{answer['value']} is on the list {answer['list']}."))


def _show_event(detector: Detector, decision: Json) -> None:
    event = decision.get("event") or {}
    shown = {detector.column("id"), detector.column("timestamp"), detector.column("amount")}
    order = [variable.name for variable in detector.variables]
    names = [name for name in order if name in event] + [name for name in event if name not in order]
    cells = "".join(
        f"<div><dt>{escape(formatting.title(name))}</dt><dd>{escape(str(event[name]))}</dd></div>"
        for name in names
        if name not in shown and event[name] not in (None, "")
    )
    st.subheader("Event details", anchor=False)
    st.html(f'<dl class="tg-values">{cells}</dl>')


def _this(detector: Detector, case: Case) -> Mark:
    """Return the mark of the case itself, from the index or, if it is not indexed yet, from the decision."""
    decision = case.decision
    event_id, event = str(decision["event_id"]), decision.get("event") or {}
    for found in (*(case.history or ()), *(one for several in case.linked.values() for one in several or ())):
        if found["event_id"] == event_id:
            return mark_payment(found, event_id, detector)
    amount = _number(event.get(detector.column("amount")))
    # Events may give their time in any form; the decision's own is always ISO 8601.
    return mark_payment({**decision, "timestamp": decision["decided_at"], "amount": amount}, event_id, detector)


def _show_history(detector: Detector, case: Case, this: Mark) -> None:
    if case.who is None:
        return
    entity, key = case.who
    name = f"{formatting.title(entity)} {key}"
    if case.history is None:
        st.subheader(in_markdown(name), anchor=False)
        st.caption("These payments cannot be loaded right now. Open the case again in a moment.")
        return
    marks = [mark_payment(found, this.event_id, detector) for found in case.history]
    others = [mark for mark in marks if mark.event_id != this.event_id]
    said = _count_others(detector, others)
    about = f"{formatting.plural(detector.event_name).capitalize()} in the {HISTORY_DAYS} days before, and since."
    st.subheader(in_markdown(f"{name}: {said}"), anchor=False, help=about)
    chart = timeline_chart([*others, this], detector.currency)
    show_chart(chart, alt=f"{name} over time by amount: {said}")
    show_link("queue", "List these payments", all_of_entity(entity, key))


def _count_others(detector: Detector, others: Sequence[Mark]) -> str:
    frauds = sum(mark.kind == FRAUD for mark in others)
    noun = detector.event_name if len(others) == 1 else formatting.plural(detector.event_name)
    counted = f"{len(others)} other {noun}" if others else f"no other {noun}"
    return f"{counted}, {frauds} confirmed fraud" if frauds else counted


def _show_links(detector: Detector, case: Case, this: Mark) -> None:
    linked = {
        shared: [mark_payment(one, this.event_id, detector) for one in found]
        for shared, found in case.linked.items()
        if found is not None
    }
    noun = formatting.plural(detector.event_name)
    names = ", ".join(formatting.title(entity) for entity, _ in case.linked)
    about = (
        f"Other {noun} in the {LINK_DAYS} days before, and since, with the same: {names}. "
        f"Shows up to {MAX_DRAWN} of each."
    )
    st.subheader(f"Linked {noun}", anchor=False, help=about)
    if not linked:
        st.html(empty_state(f"No linked {noun}", "This event shares nothing that can be searched for."))
        return
    graph = build_graph(this, linked)
    hubs = "; ".join(f"{hub.name}: {hub.said}" for hub in graph.hubs)
    chart = graph_chart(graph, detector.currency)
    show_chart(chart, alt=f"Linked {noun}. {hubs}")
    with st.container(horizontal=True):
        for entity, key in linked:
            text = f"{noun[:1].upper()}{noun[1:]} with {formatting.entity(entity)} {key}"
            show_link("queue", text, all_of_entity(entity, key))


def show_add_to_list(api: Api, detector: Detector, decision: Json) -> None:
    """Show the form, and the result of the last use; nothing if the version has no lists."""
    said = st.session_state.pop(_SAID, None)
    if isinstance(said, ApiProblem):
        show_problem(said)
    elif said:
        st.success(in_markdown(said), icon=":material/playlist_add_check:")
    event = decision.get("event") or {}
    names = [str(one["name"]) for one in detector.document.get("lists") or ()]
    columns = [column for column in entity_columns(detector).values() if event.get(column) not in (None, "")]
    if not names or not columns:
        return
    with st.popover("Add to list", icon=":material/playlist_add:"):
        name = str(st.selectbox("List", names, key="add-to-list.name"))
        used = used_column(detector, name)
        column = st.selectbox(
            "Value", columns, index=columns.index(used) if used in columns else 0, key=f"add-to-list.{name}.value",
            format_func=lambda column: f"{formatting.title(column)} {event[column]}",
        )  # fmt: skip
        st.caption("Rules use the new value within 30 seconds. You can remove it on the Rules page, under Lists.")
        value = str(event[column]).strip()
        st.button("Add", type="primary", key="add-to-list.add", on_click=_add, args=(api, name, value))


def used_column(detector: Detector, name: str) -> str:
    """Return the column that a rule looks up in a list; empty if there is none."""
    for rule in detector.document.get("rules") or ():
        if found := re.search(rf"([\w.]+)`? in {re.escape(name)}\b", str(rule.get("expression"))):
            return found[1]
    return ""


def _add(api: Api, name: str, value: str) -> None:
    try:
        before = api.list_page(name, "", 1, None)
        answer = api.change_list(name, [value], [], before["etag"])
    except ApiProblem as problem:
        theirs = ApiProblem("Somebody else changed this list at the same time. Add the value again.")
        st.session_state[_SAID] = theirs if problem.is_overtaken else problem
        return
    said = "is now" if answer["entries"] > before["entries"] else "was already"
    st.session_state[_SAID] = f"{value} {said} on the list {name}."
