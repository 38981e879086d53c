"""Labels of cases: the form, the verdicts of this session, and sentences on their effect.

All actions have keyboard shortcuts. The index learns of a label only minutes later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem
from app.components.case import Case, forget_case
from app.ui import formatting
from app.ui.login import logged_in_user
from app.ui.page import in_markdown, show_problem
from app.views.queue.case_list import go_to, next_of

_VERDICTS = "verdicts"
_KEYS = "No labels yet this session. Shortcuts: F fraud, L legitimate, N next, P previous, U last labeled."
MAX_NOTE = 500
_PROBLEM = "queue-problem"


@dataclass(frozen=True)
class Verdict:
    """A label, its event and its effect. ``before`` is the label that it corrected, if any."""

    event_id: str
    label: str
    before: str | None
    status: str
    histories: tuple[str, ...]
    amount: float
    was_let_through: bool
    read_back: str | None
    note: str | None


def give_verdict(api: Api, detector: Detector, decision: Json, label: str, note: str) -> Verdict:
    """Send a label and read it back; raise ``ApiProblem`` if it was not saved."""
    event_id = str(decision["event_id"])
    answer = api.label(event_id, label, note, logged_in_user())
    stored = api.decision(event_id).get("label") or {}
    amount = (decision.get("event") or {}).get(detector.column("amount"))
    verdict = Verdict(
        event_id=event_id,
        label=label,
        before=(decision.get("label") or {}).get("label"),
        status=str(answer.get("status")),
        histories=tuple(str(name) for name in answer.get("histories") or ()),
        amount=float(amount or 0.0),
        was_let_through=decision["outcome"] == detector.outcomes[0].name,
        read_back=stored.get("label"),
        note=stored.get("note"),
    )
    st.session_state[_VERDICTS] = [*verdicts(), verdict]
    return verdict


def verdicts() -> list[Verdict]:
    """Return the verdicts of this session, oldest first."""
    return list(st.session_state.get(_VERDICTS, []))


def latest_by_event() -> dict[str, Verdict]:
    """Return the latest verdict on each event."""
    return {verdict.event_id: verdict for verdict in verdicts()}


def show_effect(detector: Detector) -> None:
    """Show the effect of the latest label and the totals of the session, in a line that is always there."""
    given = verdicts()
    if not given:
        st.caption(_KEYS)
        return
    effect, session = describe_effect(detector, given[-1]), describe_session(detector, given)
    st.caption(f":green[:material/check_circle:] {in_markdown(effect)} {in_markdown(session)}")


def describe_effect(detector: Detector, verdict: Verdict) -> str:
    """Return the effect of a label: caught, missed or false positive, and the profiles that changed."""
    amount = formatting.money(verdict.amount, detector.currency, cents=True)
    if verdict.status == "unchanged":
        return f"{verdict.event_id} already had this label. Nothing changed."
    if verdict.read_back != verdict.label:
        return f"You labeled {verdict.event_id} {verdict.label}. Somebody has since changed it to {verdict.read_back}."
    if verdict.before == verdict.label:
        return f"{verdict.event_id} stays {verdict.label}. The note is saved."
    if verdict.label == "fraud":
        result = f"a missed fraud of {amount}" if verdict.was_let_through else f"a caught fraud of {amount}"
        return f"{verdict.event_id} marked fraud: {result}. {_changed_profiles(verdict, 'now include it')}"
    result = f"correctly approved, {amount}" if verdict.was_let_through else f"a false positive of {amount}"
    changed = _changed_profiles(verdict, "no longer count it as fraud") if verdict.before == "fraud" else ""
    return f"{verdict.event_id} marked legitimate: {result}. {changed}".rstrip()


def _changed_profiles(verdict: Verdict, change: str) -> str:
    if not verdict.histories:
        return "No profiles changed: they use another layout than the live version."
    names = [name.replace("_", " + ") for name in verdict.histories]
    if len(names) == 1:
        return f"The profile of this {names[0]} {change.replace('include', 'includes').replace('count ', 'counts ')}."
    return f"The profiles of this {', '.join(names[:-1])} and {names[-1]} {change}."


def describe_session(detector: Detector, given: Iterable[Verdict]) -> str:
    """Return the totals of this session: caught and missed fraud with amounts, and legitimate payments."""
    latest = list({verdict.event_id: verdict for verdict in given}.values())
    frauds = [verdict for verdict in latest if verdict.label == "fraud"]
    parts = []
    for name, missed in (("caught", False), ("missed", True)):
        amounts = [verdict.amount for verdict in frauds if verdict.was_let_through is missed]
        if amounts:
            parts.append(f"{len(amounts)} {name} ({formatting.money(sum(amounts), detector.currency)})")
    legitimate = len(latest) - len(frauds)
    if legitimate:
        parts.append(f"{legitimate} legitimate")
    return f"{len(latest)} labeled this session: {', '.join(parts)}." if latest else ""


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
            name, key=f"say-{label}", icon=icon, shortcut=key,
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
