"""Event form, with one widget for each variable, and what fills it: an example, nothing, or a past decision."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias

import streamlit as st

from app import clock
from app.api.client import Api, Json
from app.api.detector import Detector, Variable
from app.api.errors import ApiProblem
from app.components.case import load_decision
from app.ui import formatting, times
from app.ui.links import handed_events, take_handed_title
from app.ui.page import show_problem

Value: TypeAlias = str | float | bool | None

COLUMNS = 2
ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
ROLE_HELP = {
    "id": "Unique ID of the event. If it is sent twice, it is decided and counted once.",
    "timestamp": "Time of the event, such as 2026-01-05T13:24:11Z. Without an offset it is UTC.",
    "latitude": "Degrees, −90 to 90.",
    "longitude": "Degrees, −180 to 180.",
}
BOUNDS = {"latitude": (-90.0, 90.0), "longitude": (-180.0, 180.0)}
EMPTY = "Empty form"
EXAMPLES_HELP = "Real {events} from the test period, not used in training. Each one gets a new event ID."


def new_event_id() -> str:
    """Return a new event ID."""
    return f"web-{clock.now():%Y%m%d}-{secrets.token_hex(4)}"


def fill_form(detector: Detector, event: Json, *, as_it_was: bool = False) -> None:
    """Fill the form with an event: as it was, or with a new event ID and, if it has no time, the current time."""
    for variable in detector.variables:
        value = event.get(variable.name)
        if variable.role == "id" and not as_it_was:
            value = new_event_id()
        elif variable.role == "timestamp" and not as_it_was:
            value = value or f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
        st.session_state[_key(variable)] = _widget_value(variable, value)


def as_filled(detector: Detector, event: Json) -> Json:
    """Return an event as the unchanged form returns it."""
    values = {variable.name: _widget_value(variable, event.get(variable.name)) for variable in detector.variables}
    return {name: value for name, value in values.items() if value is not None and value != ""}


def change_form(detector: Detector, changes: Json) -> None:
    """Change some fields of the form; call this before the form is shown."""
    for variable in detector.variables:
        if variable.name in changes:
            st.session_state[_key(variable)] = _widget_value(variable, changes[variable.name])


def is_filled(detector: Detector) -> bool:
    """Return whether the form has values; Streamlit drops them when the reader opens another page."""
    return all(_key(variable) in st.session_state for variable in detector.variables)


def show_fields(detector: Detector, *, fixed_id: bool = False) -> Json:
    """Show one widget for each variable, in rows; return the event without its empty fields."""
    event: Json = {}
    for start in range(0, len(detector.variables), COLUMNS):
        cells = st.columns(COLUMNS)
        for cell, variable in zip(cells, detector.variables[start : start + COLUMNS], strict=False):
            with cell:
                value = _show_widget(variable, detector.currency, fixed=fixed_id and variable.role == "id")
            if value is not None and value != "":
                event[variable.name] = value
    return event


def find_errors(detector: Detector, event: Json, before: Json | None = None) -> list[str]:
    """Return the errors in the form, one sentence each; ``before`` is the event of an earlier decision."""
    needed = [v.name for v in detector.variables if v.required and (before is None or v.name in before)]
    missing = [formatting.title(name) for name in needed if name not in event]
    errors = [f"Fill in {', '.join(missing)}."] if missing else []
    for variable in detector.variables:
        text = event.get(variable.name)
        if variable.type != "timestamp" or text is None or text == (before or {}).get(variable.name):
            continue
        if _takes_iso(detector, variable) and not ISO_TIME.fullmatch(str(text)):
            errors.append(f"{formatting.title(variable.name)} must look like 2026-01-05T13:24:11Z.")
    return errors


def _takes_iso(detector: Detector, variable: Variable) -> bool:
    """Return whether times look like ISO 8601, by the examples; if not, only the API knows how they are written."""
    written = [str(example.event[variable.name]) for example in detector.examples if variable.name in example.event]
    return all(ISO_TIME.fullmatch(text) for text in written)


def _key(variable: Variable) -> str:
    return f"event.{variable.name}"


def _widget_value(variable: Variable, value: object) -> Value:
    """Return a value as the variable's widget holds it; None or an empty text for none."""
    if variable.type == "number":
        return _read_number(value)
    if variable.type == "boolean":
        return None if value is None or value == "" else str(value).lower() in {"1", "1.0", "true", "t", "yes", "y"}
    if variable.values:
        return None if value is None or value == "" else str(value)
    return "" if value is None else str(value)


def _read_number(value: object) -> float | None:
    """Return a number; None for none, and for a text that is written otherwise, such as 1.412,50."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if isfinite(number) else None


def _show_widget(variable: Variable, currency: str, *, fixed: bool) -> Value:
    unit = f" ({currency})" if variable.role == "amount" and currency else ""
    label = formatting.title(variable.name) + unit
    key, note = _key(variable), ROLE_HELP.get(variable.role)
    if variable.type == "number":
        return _show_number(variable, label, key, note)
    if variable.type == "boolean":
        return st.selectbox(label, [True, False], index=None, key=key, help=note, format_func=_yes_or_no)
    if variable.values:
        return _show_choice(variable, label, key, note)
    text = st.text_input(label, key=key, help=note, disabled=fixed).strip()
    if variable.type == "timestamp" and times.zone_name() != "UTC" and times.read(text) is not None:
        st.caption(times.moment(text))
    return text


def _show_number(variable: Variable, label: str, key: str, note: str | None) -> float | None:
    low, high = BOUNDS.get(variable.role, (None, None))
    form = "%.2f" if variable.role == "amount" else "%.4f" if variable.role in BOUNDS else None
    step = 1.0 if variable.role == "amount" else 0.1 if variable.role in BOUNDS else None
    return st.number_input(label, low, high, value=None, step=step, format=form, key=key, help=note)


def _show_choice(variable: Variable, label: str, key: str, note: str | None) -> str | None:
    """Offer the common categories; the reader can type others."""
    held = st.session_state.get(key)
    options = list(variable.values) + ([held] if held and held not in variable.values else [])
    return st.selectbox(label, options, index=None, key=key, help=note, accept_new_options=True)


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


@dataclass(frozen=True)
class Source:
    """The event in the form, and its decision if there is one."""

    event: Json
    decision: Json | None


def choose_source(api: Api, detector: Detector, events: str) -> Source:
    """Let the reader choose; the form is refilled when the choice changes. ``events`` is the noun's plural."""
    pick, look_up = st.columns([5, 7], gap="large")
    with look_up:
        decision = _look_up(api)
    examples = handed_events() | {example.title: example.event for example in detector.examples}
    handed = take_handed_title()
    if decision is not None:
        st.session_state["start"] = None
    elif handed is not None:
        st.session_state["start"] = handed
    elif st.session_state.get("start") not in {*examples, EMPTY}:
        st.session_state["start"] = next(iter(examples), EMPTY)
    with pick:
        note = EXAMPLES_HELP.format(events=events)
        chosen = st.selectbox(
            "Start from", [*examples, EMPTY], index=None, key="start", on_change=_leave, help=note,
            placeholder="Example or empty form",
        )  # fmt: skip
    event = dict(decision.get("event") or {}) if decision is not None else examples.get(chosen or "", {})
    token = f"event {decision['event_id']}" if decision is not None else f"example {chosen}"
    if st.session_state.get("filled") != token or not is_filled(detector):
        fill_form(detector, event, as_it_was=decision is not None)
        st.session_state["filled"] = token
    return Source(event, decision)


def open_decision(event_id: str) -> None:
    """Open a past decision on the page."""
    st.query_params["event"] = event_id
    load_decision.clear()


def _look_up(api: Api) -> Json | None:
    asked = str(st.query_params.get("event", ""))
    if st.session_state.get("looked-up-before") != asked:
        st.session_state["looked-up"] = st.session_state["looked-up-before"] = asked
    st.text_input(
        "Or open a past decision by event ID", key="looked-up", on_change=_ask, placeholder="p-1001",
        help="The ID that was sent with the event. The stored decision is shown; the event is not scored again.",
    )  # fmt: skip
    if not asked:
        return None
    try:
        return load_decision(api.url, asked, api)
    except ApiProblem as problem:
        if problem.status != 404:
            raise
        note = " Check the ID. Results of files are not stored as single decisions: download them on the Batch page."
        show_problem(ApiProblem(f"{problem}{note}", 404))
        return None


def _ask() -> None:
    asked = str(st.session_state["looked-up"]).strip()
    if asked:
        open_decision(asked)
    else:
        _leave()


def _leave() -> None:
    if "event" in st.query_params:
        del st.query_params["event"]


def fresh_answer(decision: Json) -> dict[str, Any]:
    """Return the answer with timings if this event was just scored; empty for an earlier decision."""
    answer: dict[str, Any] = st.session_state.get("answer") or {}
    return answer if answer.get("event_id") == decision.get("event_id") else {}
