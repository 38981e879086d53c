"""Sentences on the effect of a label, and on the session so far."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from app.api.detector import Detector
from app.ui import formatting
from app.ui.page import in_markdown
from app.views.queue.verdicts import Verdict, verdicts

_KEYS = "No decisions yet this session. Shortcuts: F fraud, L legitimate, N next, P previous, U last labeled."


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
