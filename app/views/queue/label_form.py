"""Label form of a case: fraud or legitimate, with a note, and navigation. All actions have keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.case import Case, forget_case
from app.ui.page import show_problem
from app.views.queue.case_list import go_to, next_of
from app.views.queue.verdicts import give_verdict, verdicts

MAX_NOTE = 500
_PROBLEM = "queue-problem"


def show_decide_bar(api: Api, detector: Detector, event_id: str, case: Case | None, ids: Sequence[str]) -> None:
    """Show the note and the buttons; without a case, only the navigation."""
    problem = st.session_state.pop(_PROBLEM, None)
    if problem is not None:
        show_problem(problem)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="queue-decide"):
        if case is not None and detector.takes_labels:
            _show_verdicts(api, detector, case.decision, ids)
        last = verdicts()[-1].event_id if verdicts() else ""
        _move("Next", ":material/skip_next:", "N", next_of(ids, event_id))
        _move("Previous", ":material/skip_previous:", "P", next_of(ids, event_id, -1))
        _move("Last labeled", ":material/undo:", "U", "" if last == event_id else last, "Open it again to correct it.")


def _show_verdicts(api: Api, detector: Detector, decision: Json, ids: Sequence[str]) -> None:
    event_id = str(decision["event_id"])
    st.text_input(
        "Note", key=_note_key(event_id), max_chars=MAX_NOTE, placeholder="Add a note (optional)",
        width="stretch", label_visibility="collapsed",
        help="Saved with the label and shown with the decision. Do not enter card numbers.",
    )  # fmt: skip
    for label, name, key, icon in (
        ("fraud", "Fraud", "F", ":material/gpp_bad:"),
        ("legitimate", "Legitimate", "L", ":material/verified_user:"),
    ):
        st.button(
            name, key=f"say-{label}", icon=icon, shortcut=key, type="primary" if label == "fraud" else "secondary",
            on_click=_decide, args=(api, detector, decision, label, next_of(ids, event_id)),
        )  # fmt: skip


def _decide(api: Api, detector: Detector, decision: Json, label: str, following: str) -> None:
    """Save a label and open the next case; after an error, the case stays open and shows it."""
    event_id = str(decision["event_id"])
    try:
        give_verdict(api, detector, decision, label, str(st.session_state.get(_note_key(event_id)) or ""))
    except ApiProblem as problem:
        st.session_state[_PROBLEM] = problem
        return
    forget_case(api, event_id)
    go_to(following)


def _move(name: str, icon: str, key: str, event_id: str, meaning: str = "") -> None:
    st.button(
        name, key=f"go-{name}", icon=icon, shortcut=key, type="tertiary", disabled=not event_id,
        on_click=go_to, args=(event_id,), help=meaning or None,
    )  # fmt: skip


def _note_key(event_id: str) -> str:
    return f"note-{event_id}"
