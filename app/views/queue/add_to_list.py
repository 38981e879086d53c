"""Add to list: puts a value of the open case, such as its device, on a list that rules use."""

from __future__ import annotations

import re

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.case import entity_columns
from app.ui import formatting
from app.ui.page import in_markdown, show_problem

_SAID = "add-to-list.said"


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
