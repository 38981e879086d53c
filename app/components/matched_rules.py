"""The rules that matched a payment, with its values put in."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.components.outcome_card import tone_of
from app.ui import formatting
from app.ui.page import in_markdown


def show_rules(detector: Detector, answer: Json) -> None:
    """Show the rules that matched, or that none did."""
    hits: Sequence[Json] = answer.get("rules") or ()
    asked = [rule for rule in detector.document.get("rules") or () if rule.get("enabled", True)]
    if not asked and not hits:
        st.caption("This detector has no rules: the score alone gives the outcome.")
        return
    if not hits:
        number = "The only rule did not match" if len(asked) == 1 else f"None of the {len(asked)} rules matched"
        st.caption(f"{number}: the score alone gave the outcome.")
        return
    weaker = say_downgrade(answer)
    if weaker:
        st.caption(f":material/trending_down: {in_markdown(weaker)}")
    st.html(f'<ul class="tg-rules">{"".join(_entry(detector, hit) for hit in hits)}</ul>')
    noun = detector.event_name
    st.caption(f"Each with the values of this {noun} put in. A rule in shadow mode is counted and does not act.")


def say_downgrade(decision: Json) -> str:
    """Return which rule took which outcome away from a decision; an empty text where none did."""
    found = decision.get("downgraded")
    return f"Downgraded by rule {found['rule']} from {formatting.title(str(found['from']))}." if found else ""


def _entry(detector: Detector, hit: Json) -> str:
    outcome = str(hit.get("outcome"))
    acts = "would say" if hit.get("shadow") else "says"
    return (
        f'<li class="tg-tone-{tone_of(outcome, detector)}"><div><b>{escape(str(hit.get("rule")))}</b> {acts} '
        f"<em>{escape(formatting.title(outcome))}</em>{' (shadow mode)' if hit.get('shadow') else ''}</div>"
        f"<code>{escape(str(hit.get('expression')))}</code></li>"
    )
