"""Results of a batch: outcomes by count and amount, scores, the riskiest rows with their reasons, and failed rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.components.charts import Histogram, Mark, Share, score_histogram, shares_chart, show_chart
from app.components.matched_rules import describe_downgrade
from app.ui import formatting, times
from app.ui.page import in_markdown, problems_shown

_FIRST = ("score", "outcome", "amount", "timestamp", "event_id")
_LAST = ("row", "probability")


def show_summary(detector: Detector, batch: Json) -> None:
    """Show a finished batch."""
    summary = batch.get("summary") or {}
    _show_outcomes(detector, summary)
    scores, amounts = st.columns([7, 5], gap="large")
    with scores:
        _show_scores(detector, summary)
    with amounts:
        _show_shares(detector, summary)
    show_risky_rows(detector, summary.get("top_events") or [], str(batch.get("batch_id")))
    _show_errors(summary)


def _show_outcomes(detector: Detector, summary: Json) -> None:
    counts, amounts = summary.get("outcomes") or {}, summary.get("amounts")
    names = detector.outcome_names(counts)
    cells = st.columns(len(names) + 1)
    failed = int(summary.get("failed") or 0)
    cells[0].metric(
        "Scored",
        formatting.count(summary.get("scored")),
        delta=f"{formatting.count(failed)} rows failed" if failed else "all rows",
        delta_color="red" if failed else "off",
        delta_arrow="off",
        border=True,
        help="Rows with a score. Failed rows are listed below and marked in the results.",
    )
    for cell, name in zip(cells[1:], names, strict=True):
        with cell:
            _show_outcome(detector, name, counts.get(name, 0), amounts, int(summary.get("scored") or 0))


def _show_outcome(detector: Detector, name: str, number: int, amounts: Json | None, scored: int) -> None:
    share = formatting.percent(number / scored) if scored else formatting.NOTHING
    worth = f", {formatting.money(amounts.get(name, 0), detector.currency)}" if amounts is not None else ""
    threshold = next((o.from_score for o in detector.outcomes if o.name == name), 0)
    meaning = formatting.score_meaning(threshold, detector.score_scale, detector.event_name)
    st.metric(
        formatting.title(name),
        formatting.count(number),
        delta=in_markdown(share + worth),
        delta_color=_color(detector, name),
        delta_arrow="off",
        border=True,
        help=f"Score of {threshold} or higher. {meaning}" if threshold else "Score below the first threshold.",
    )


def _show_shares(detector: Detector, summary: Json) -> None:
    """Show each outcome's share of events and of amount."""
    counts, amounts = summary.get("outcomes") or {}, summary.get("amounts") or {}
    noun = formatting.title(formatting.plural(detector.event_name))
    wholes = {noun: counts, **({"Amount": amounts} if sum(amounts.values()) > 0 else {})}
    if not sum(counts.values()):
        return
    st.subheader("Outcomes by count and amount" if amounts else "Outcomes", anchor=False)
    shares = [
        Share(kind, name, number / sum(whole.values()), _value(detector, kind, number))
        for kind, whole in wholes.items()
        for name in detector.outcome_names(counts)
        for number in [whole.get(name, 0)]
    ]
    show_chart(shares_chart(detector, shares), alt="Each outcome's share of events and of amount")


def _value(detector: Detector, kind: str, number: float) -> str:
    return formatting.money(number, detector.currency) if kind == "Amount" else formatting.count(number)


def _color(detector: Detector, name: str) -> Literal["green", "orange", "red"]:
    names = [outcome.name for outcome in detector.outcomes]
    rank = names.index(name) if name in names else 0
    if rank == 0:
        return "green"
    return "red" if rank == len(names) - 1 else "orange"


def _show_scores(detector: Detector, summary: Json) -> None:
    histogram = summary.get("score_histogram")
    if not histogram:
        return
    noun = formatting.plural(detector.event_name)
    st.subheader("Scores", anchor=False, help=formatting.SCORE_HELP)
    marks = [Mark(formatting.title(outcome.name), outcome.from_score) for outcome in detector.thresholds()]
    chart = score_histogram(Histogram(histogram["edges"], {"All": histogram["counts"]}), marks, noun)
    show_chart(chart, alt=f"Number of {noun} by score")


def _show_errors(summary: Json) -> None:
    errors, unused = summary.get("errors") or [], summary.get("unused_columns") or []
    if errors:
        failed = int(summary.get("failed") or len(errors))
        st.subheader(f"Failed rows ({formatting.count(failed)})", anchor=False)
        st.caption(in_markdown(_where_they_are(errors, failed)))
        config = {
            "row": st.column_config.NumberColumn("Row", format="%d", width=60, alignment="left"),
            "column": st.column_config.TextColumn("Column", width=160),
            "message": st.column_config.TextColumn("Error", width=800),
        }
        st.dataframe(errors, hide_index=True, column_config=config, alt="Failed rows and their errors")
    for note in summary.get("notes") or []:
        st.caption(in_markdown(str(note)))
    if unused:
        st.caption(in_markdown(f"Columns not used by the detector: {', '.join(map(str, unused))}."))


def _where_they_are(errors: Sequence[Json], failed: int) -> str:
    """Return the columns that made rows fail, and where to find all of them."""
    columns = Counter(str(error.get("column") or "the whole row") for error in errors)
    why = ", ".join(f"{name} ({formatting.count(number)})" for name, number in columns.most_common(4))
    listed = "All are listed here" if failed <= len(errors) else f"The first {len(errors)} are listed here"
    return f"Errors in {why}. {listed}; in the results, the status of a failed row begins with error."


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
    rows = [
        {
            **one,
            "probability": formatting.hundredths(one.get("probability")),
            "outcome": _describe_outcome(one),
            "why": _first_reason(one),
        }
        for one in shown
    ]
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
    _show_reasons_of(shown[places[0]] if places and places[0] < len(shown) else None, detector)


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


def _describe_outcome(event: Json) -> str:
    weaker = event.get("downgraded")
    beside = f" (score: {formatting.title(str(weaker['from']))})" if weaker else ""
    return f"{formatting.title(str(event.get('outcome')))}{beside}"


def _first_reason(event: Json) -> str:
    return str((event.get("reasons") or [""])[0])


def _show_reasons_of(event: Json | None, detector: Detector) -> None:
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
        "score": column.NumberColumn("Score", format="%d", width=70),
        "outcome": column.TextColumn("Outcome", width=80, help="In parentheses: the outcome that a rule weakened."),
        "amount": column.NumberColumn("Amount", format=f"{symbol}%,.2f", width=95),
        "timestamp": times.column("Time", width=150),
        "event_id": column.TextColumn("Event ID", width=100),
        "why": column.TextColumn("Top reason", width=420),
        "row": column.NumberColumn("Row", format="%d", help="The first payment is row 1. The header is not counted."),
        "probability": column.NumberColumn("Probability", format=formatting.PERCENT_FORMAT),
        **{name: column.TextColumn(formatting.title(name)) for name in others},
    }
