"""Riskiest rows of a file, with filters and reasons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.components.matched_rules import describe_downgrade
from app.ui import formatting
from app.ui.page import in_markdown, problems_shown

_FIRST = ("score", "outcome", "amount", "timestamp", "event_id")
_LAST = ("row", "probability")


@st.fragment
@problems_shown()
def show_risky_rows(detector: Detector, events: Sequence[Json], key: str) -> None:
    """Show the rows with the highest probability of fraud, and the reasons of the selected one."""
    heading = st.container()
    shown = _filtered(events, key) if events else []
    note = "Download the results for all rows and their reasons."
    heading.subheader(_heading(len(shown), len(events)), anchor=False, help=note)
    if not events:
        st.caption("No rows of this file were scored.")
        return
    if not shown:
        st.caption("No rows match. Choose other outcomes, a lower score, or a shorter text.")
        return
    others = [name for name in events[0] if name not in {*_FIRST, *_LAST, "reasons", "downgraded"}]
    rows = [{**one, "outcome": _outcome(one), "why": _first_reason(one)} for one in shown]
    chosen = st.dataframe(
        rows,
        hide_index=True,
        height=36 * min(len(rows) + 1, 9),
        column_order=[*_FIRST, "why", *others, *_LAST],
        column_config=_column_config(detector, others),
        on_select="rerun",
        selection_mode="single-row",
        key=f"{key}-rows",
        alt="Events with the highest scores; select one to read its reasons",
    )
    places = chosen.get("selection", {}).get("rows", [])
    _show_reasons(shown[places[0]] if places and places[0] < len(shown) else None, detector)


def _heading(shown: int, of: int) -> str:
    return "Highest risk" if not of else f"Highest risk ({of})" if shown == of else f"Highest risk ({shown} of {of})"


def _filtered(events: Sequence[Json], key: str) -> list[Json]:
    outcomes = list(dict.fromkeys(str(event.get("outcome")) for event in events))
    scores = [int(event.get("score") or 0) for event in events]
    outcome, score, text = st.columns([4, 4, 4], vertical_alignment="bottom")
    with outcome:
        wanted = st.pills(
            "Outcome",
            outcomes,
            selection_mode="multi",
            default=outcomes,
            format_func=formatting.title,
            key=f"{key}-outcome",
        )
    with score:
        low, high = min(scores), max(scores)
        least = st.slider("Minimum score", low, high, low, key=f"{key}-score") if high > low else low
    with text:
        part = st.text_input("Contains", key=f"{key}-text", placeholder="c000170").strip().lower()
    return [
        event
        for event in events
        if str(event.get("outcome")) in wanted
        and int(event.get("score") or 0) >= least
        and (not part or any(part in str(value).lower() for name, value in event.items() if name != "reasons"))
    ]


def _outcome(event: Json) -> str:
    weaker = event.get("downgraded")
    beside = f" (score: {formatting.title(str(weaker['from']))})" if weaker else ""
    return f"{formatting.title(str(event.get('outcome')))}{beside}"


def _first_reason(event: Json) -> str:
    return str((event.get("reasons") or [""])[0])


def _show_reasons(event: Json | None, detector: Detector) -> None:
    noun = detector.event_name
    if event is None:
        st.caption(f"Select a row to see the reasons for that {noun}.")
        return
    reasons = [str(reason) for reason in event.get("reasons") or ()]
    said = "\n".join(f"- {in_markdown(reason)}" for reason in reasons)
    nothing = f"Approved {formatting.plural(noun)}, and detector versions without reasons, have none to show."
    weaker = in_markdown(describe_downgrade(event))
    above = f"**Row {event.get('row')}, {in_markdown(str(event.get('event_id')))}** {weaker}".rstrip()
    st.markdown(f"{above}\n\n{said or nothing}")


def _column_config(detector: Detector, others: Sequence[str]) -> dict[str, Any]:
    symbol = formatting.SYMBOLS.get(detector.currency, "")
    column = st.column_config
    return {
        "score": column.ProgressColumn("Score", format="%d", min_value=0, max_value=1000, width=100),
        "outcome": column.TextColumn("Outcome", width=80, help="In parentheses: the outcome that a rule weakened."),
        "amount": column.NumberColumn("Amount", format=f"{symbol}%,.2f", width=95),
        "timestamp": column.DatetimeColumn("Time (UTC)", format="D MMM YYYY, HH:mm", timezone="UTC", width=150),
        "event_id": column.TextColumn("Event ID", width=100),
        "why": column.TextColumn("Top reason", width=420),
        "row": column.NumberColumn("Row", format="%d", help="The first payment is row 1. The header is not counted."),
        "probability": column.NumberColumn("Probability", format="percent"),
        **{name: column.TextColumn(formatting.title(name)) for name in others},
    }
