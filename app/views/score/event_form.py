"""Event form, built from the event type with one widget for each variable."""

from __future__ import annotations

import re
import secrets
from typing import TypeAlias

import streamlit as st

from app import clock
from app.api.client import Json
from app.api.detector import Detector, Variable
from app.ui import formatting

Value: TypeAlias = str | float | bool | None

COLUMNS = 2
ISO_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?")
ROLE_HELP = {
    "id": "Unique ID of the event. If it is sent twice, it is decided and counted once.",
    "timestamp": "Time of the event in UTC.",
    "latitude": "Degrees, −90 to 90.",
    "longitude": "Degrees, −180 to 180.",
}
BOUNDS = {"latitude": (-90.0, 90.0), "longitude": (-180.0, 180.0)}


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
        if variable.type == "timestamp" and text is not None and not ISO_TIME.fullmatch(str(text)):
            errors.append(f"{formatting.title(variable.name)} must look like 2026-01-05T13:24:11Z.")
    return errors


def _key(variable: Variable) -> str:
    return f"event.{variable.name}"


def _widget_value(variable: Variable, value: object) -> Value:
    """Return a value as the variable's widget holds it; None or an empty text for none."""
    if variable.type == "number":
        return None if value is None or value == "" else float(str(value))
    if variable.type == "boolean":
        return None if value is None else str(value).lower() in {"1", "true", "yes"}
    if variable.values:
        return None if value is None or value == "" else str(value)
    return "" if value is None else str(value)


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
    return st.text_input(label, key=key, help=note, disabled=fixed).strip()


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
