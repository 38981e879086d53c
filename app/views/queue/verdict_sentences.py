"""What a verdict did, in words and in money."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from app.api.detector import Detector
from app.ui import formatting
from app.ui.page import in_markdown
from app.views.queue.verdicts import Verdict, verdicts

_KEYS = (
    "Nothing was decided in this session yet. Keys: F fraud, L legitimate, N next, P previous, U the last one decided."
)


def show_effect(detector: Detector) -> None:
    """Show in two lines, which are always there, what the latest verdict did and what the session came to."""
    given = verdicts()
    if not given:
        st.caption(_KEYS)
        return
    effect, session = tell_effect(detector, given[-1]), tell_session(detector, given)
    st.caption(f":green[:material/check_circle:] {in_markdown(effect)} {in_markdown(session)}")


def tell_effect(detector: Detector, verdict: Verdict) -> str:
    """Return what a label changed: what it means for the detector's record, and which histories learned of it."""
    amount = formatting.money(verdict.amount, detector.currency, cents=True)
    if verdict.status == "unchanged":
        return f"{verdict.event_id} had this label already: nothing changed."
    if verdict.read_back != verdict.label:
        return f"{verdict.event_id} was labelled {verdict.label}; somebody has since changed it to {verdict.read_back}."
    if verdict.before == verdict.label:
        return f"{verdict.event_id} stays {verdict.label}; the note is kept with it."
    if verdict.label == "fraud":
        judged = f"a fraud of {amount} was missed" if verdict.was_let_through else f"a fraud of {amount} was caught"
        return f"{verdict.event_id}: {judged}. {_learned(verdict, 'count it from now on')}"
    judged = "rightly let through" if verdict.was_let_through else "stopped without need"
    learned = _learned(verdict, "have forgotten the fraud") if verdict.before == "fraud" else ""
    return f"{verdict.event_id}: {amount}, legitimate, {judged}. {learned}".rstrip()


def _learned(verdict: Verdict, did: str) -> str:
    if not verdict.histories:
        return "No history changed: they belong to another plan of sums than the version that decides."
    names = [name.replace("_", " + ") for name in verdict.histories]
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    return f"The histories of its {listed} {did}."


def tell_session(detector: Detector, given: Iterable[Verdict]) -> str:
    """Return what was decided in this session: caught and missed frauds with their amounts, and the rest."""
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
    return f"{len(latest)} decided in this session: {', '.join(parts)}." if latest else ""
