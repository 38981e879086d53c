"""Matched rules of a payment, with its values filled in."""

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
    """Show the rules that matched, or a note that none did."""
    hits: Sequence[Json] = answer.get("rules") or ()
    asked = [rule for rule in detector.document.get("rules") or () if rule.get("enabled", True)]
    if not asked and not hits:
        st.caption("This detector has no rules. The score alone sets the outcome.")
        return
    if not hits:
        number = "The only rule did not match" if len(asked) == 1 else f"None of the {len(asked)} rules matched"
        st.caption(f"{number}. The score alone set the outcome.")
        return
    weaker = describe_downgrade(answer)
    if weaker:
        st.caption(f":material/trending_down: {in_markdown(weaker)}")
    st.html(f'<ul class="tg-rules">{"".join(_entry(detector, hit) for hit in hits)}</ul>')
    noun = detector.event_name
    st.caption(f"Values from this {noun} are filled in. Shadow rules are recorded but take no action.")


def describe_downgrade(decision: Json) -> str:
    """Return the rule that weakened a decision, and from which outcome; empty if none did."""
    found = decision.get("downgraded")
    return f"Downgraded by rule {found['rule']} from {formatting.title(str(found['from']))}." if found else ""


def _entry(detector: Detector, hit: Json) -> str:
    outcome = str(hit.get("outcome"))
    acts = "would set" if hit.get("shadow") else "sets"
    return (
        f'<li class="tg-tone-{tone_of(outcome, detector)}"><div><b>{escape(str(hit.get("rule")))}</b> {acts} '
        f"<em>{escape(formatting.title(outcome))}</em>{' (shadow)' if hit.get('shadow') else ''}</div>"
        f"<code>{escape(str(hit.get('expression')))}</code></li>"
    )
