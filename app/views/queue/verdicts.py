"""Verdicts: the labels that the analyst gave in this session, and their effect. The index follows minutes later."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.api.client import Api, Json
from app.api.detector import Detector
from app.ui.login import logged_in_user

_VERDICTS = "verdicts"


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
