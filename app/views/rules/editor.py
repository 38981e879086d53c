"""Rule editor: the fields of one rule, and its errors.

The field of the expression reports its text while the reader types, and shows errors in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.ui import formatting, times
from app.ui.glossary import meaning
from app.views.rules.draft import Draft

STATES = {"act": "Active", "shadow": "Shadow", "off": "Off"}
_FINE = {"severity": "fine", "message": "No errors.", "line": None, "column": None}


def show_editor(api: Api, detector: Detector, draft: Draft) -> Sequence[Json]:
    """Show the edited rule's fields; return the findings on all rules of the draft."""
    rule = draft.rule
    if rule is None:
        return ()
    key = f"rule.{st.session_state.get('rules.edition', 0)}.{draft.chosen}"
    findings, problem = _check(api, draft)
    said, settings = st.columns([7, 5], gap="large")
    with said:
        _bind_text(rule, key)
        own = [finding for finding in findings if finding["rule"] == rule["name"]]
        shown = [_unknown(problem)] if problem else own or [_FINE]
        show_expression(f"{key}.expression", rule["expression"], names_of(detector), shown, _setter(rule, "expression"))
        st.caption("Checked against the live version while you type. Nothing is saved.")
    with settings:
        _show_settings(draft, rule, key)
    return findings


def names_of(detector: Detector) -> list[str]:
    """Return the names that expressions can have: columns, features, lists and the score."""
    document = detector.document
    columns = [v.name for v in detector.variables if v.role not in ("id", "timestamp", "label", "ignored")]
    features = [str(feature["name"]) for feature in document.get("features") or ()]
    lists = [str(one["name"]) for one in document.get("lists") or ()]
    return list(dict.fromkeys([*columns, "score", "hour", "hour_exact", "weekday", *lists, *features]))


def _setter(rule: Json, setting: str) -> Any:  # noqa: ANN401 - a callback of any value
    def keep(value: object) -> None:
        rule[setting] = value

    return keep


def _bind_text(rule: Json, key: str) -> None:
    name = f"{key}.name"

    def keep() -> None:
        rule["name"] = str(st.session_state[name]).strip() or rule["name"]

    st.text_input(
        "Name", rule["name"], key=name, max_chars=60, on_change=keep, help="Shown in decisions, files and reports."
    )


def _show_settings(draft: Draft, rule: Json, key: str) -> None:
    outcomes = [str(name) for name in draft.saved["outcomes"]]
    rule["outcome"] = st.selectbox(
        "Outcome",
        outcomes,
        index=outcomes.index(rule["outcome"]) if rule["outcome"] in outcomes else 0,
        format_func=formatting.title,
        key=f"{key}.outcome",
        help=meaning("outcome"),
    )
    current = "off" if not rule["enabled"] else "shadow" if rule["shadow"] else "act"
    state = st.segmented_control(
        "State",
        list(STATES),
        default=current,
        format_func=STATES.__getitem__,
        key=f"{key}.state",
        help="Shadow: matches are recorded but no action is taken. Off: the rule is not evaluated.",
    )
    rule["enabled"], rule["shadow"] = (state or current) != "off", (state or current) == "shadow"
    first, second = st.columns(2)
    rule["priority"] = int(
        first.number_input(
            "Priority", 1, 1000, rule["priority"], key=f"{key}.priority", help="Lower numbers are evaluated first."
        )
    )
    expires = second.date_input(
        "Expires",
        times.day_of(rule["expires_at"]),
        key=f"{key}.expires.{times.zone_name()}",
        format="YYYY-MM-DD",
        help="The rule stops at the start of this day. Leave empty for no expiration.",
    )
    if expires != times.day_of(rule["expires_at"]):
        rule["expires_at"] = None if expires is None else times.midnight_of(expires)
    if rule["expires_at"] is not None:
        second.caption(f"Stops {times.moment(rule['expires_at'])}.")


def _check(api: Api, draft: Draft) -> tuple[list[Json], str]:
    """Return the findings on the draft's rules, and the problem if the check failed."""
    try:
        return _ask(api.url, json.dumps(draft.rules), api), ""
    except ApiProblem as problem:
        return [], str(problem)


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _ask(url: str, rules: str, _api: Api) -> list[Json]:  # noqa: ARG001 - the URL is the cache's key
    return _api.check_rules(json.loads(rules))


def _unknown(problem: str) -> Json:
    return {"severity": "warning", "message": f"The check failed. {problem}", "line": None, "column": None}


_ASSETS = Path(__file__).resolve().parents[2] / "assets"


def show_expression(
    key: str, text: str, names: Sequence[str], findings: Sequence[Json], on_change: Callable[[str], None]
) -> None:
    """Show the field; ``on_change`` gets the text when the reader pauses and when she leaves the field.

    ``text`` is the initial text. ``names`` are suggested while the reader types. ``findings`` come from the API;
    their "line" and "column" place the cursor.
    """

    def tell() -> None:
        on_change(str(st.session_state[key]["text"]))

    _component()(
        key=key,
        data={"of": key, "text": text, "names": list(names), "findings": list(findings)},
        default={"text": text},
        on_text_change=tell,
    )


@st.cache_resource(show_spinner=False)
def _component() -> Any:  # noqa: ANN401 - Streamlit names no type for what it returns
    """Register the component once: registering it again would replace it while somebody uses it."""
    return st.components.v2.component(
        "tollgate_expression",
        html=(_ASSETS / "expression.html").read_text(encoding="utf-8"),
        css=(_ASSETS / "expression.css").read_text(encoding="utf-8"),
        js=(_ASSETS / "expression.js").read_text(encoding="utf-8"),
    )
