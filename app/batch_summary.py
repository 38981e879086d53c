"""What came out of one batch: counts and amounts per outcome, scores, the riskiest events, rows that failed."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from app import wording
from app.charts import Histogram, Mark, score_histogram
from app.client import Json
from app.detector import Detector
from app.page import in_markdown


def show_summary(detector: Detector, batch: Json) -> None:
    """Show a finished batch."""
    summary = batch.get("summary") or {}
    _show_outcomes(detector, summary)
    chart, table = st.columns([5, 7], gap="large")
    with chart:
        _show_scores(detector, summary)
    with table:
        _show_top_events(detector, summary)
    _show_errors(summary)


def show_downloads(batch: Json) -> None:
    """Offer the files of a finished batch."""
    downloads = batch.get("downloads") or {}
    with st.container(horizontal=True, horizontal_alignment="right"):
        if downloads.get("results"):
            st.link_button(
                "Download results (CSV)",
                downloads["results"],
                type="primary",
                icon=":material/download:",
                help="Your columns, with score, probability, outcome and status beside them.",
            )
        if downloads.get("results_parquet"):
            st.link_button(
                "Download results (Parquet)",
                downloads["results_parquet"],
                icon=":material/download:",
                help="The same, for programs.",
            )
        if downloads.get("summary"):
            st.link_button("Download summary (JSON)", downloads["summary"], icon=":material/download:")


def _show_outcomes(detector: Detector, summary: Json) -> None:
    counts, amounts = summary.get("outcomes") or {}, summary.get("amounts")
    names = [outcome.name for outcome in detector.outcomes]
    names += [name for name in counts if name not in names]
    cells = st.columns(len(names) + 1)
    failed = int(summary.get("failed") or 0)
    cells[0].metric(
        "Scored",
        wording.count(summary.get("scored")),
        delta=f"{wording.count(failed)} rows failed" if failed else "every row",
        delta_color="red" if failed else "off",
        delta_arrow="off",
        border=True,
        help="Rows that got a score. Rows that failed are listed below, and marked in the results.",
    )
    for cell, name in zip(cells[1:], names, strict=True):
        with cell:
            _show_outcome(detector, name, counts.get(name, 0), amounts, int(summary.get("scored") or 0))


def _show_outcome(detector: Detector, name: str, number: int, amounts: Json | None, scored: int) -> None:
    share = wording.percent(number / scored) if scored else wording.NOTHING
    worth = f", {wording.money(amounts.get(name, 0), detector.currency)}" if amounts is not None else ""
    threshold = next((o.from_score for o in detector.outcomes if o.name == name), 0)
    meaning = wording.score_meaning(threshold, detector.score_scale, detector.event_name)
    st.metric(
        wording.title(name),
        wording.count(number),
        delta=in_markdown(share + worth),
        delta_color=_colour(detector, name),
        delta_arrow="off",
        border=True,
        help=f"Score {threshold} or higher. {meaning}" if threshold else "Below the first threshold.",
    )


def _colour(detector: Detector, name: str) -> Literal["green", "orange", "red"]:
    names = [outcome.name for outcome in detector.outcomes]
    rank = names.index(name) if name in names else 0
    if rank == 0:
        return "green"
    return "red" if rank == len(names) - 1 else "orange"


def _show_scores(detector: Detector, summary: Json) -> None:
    histogram = summary.get("score_histogram")
    if not histogram:
        return
    noun = wording.plural(detector.event_name)
    st.subheader("Scores", anchor=False, help=wording.SCORE_HELP)
    marks = [Mark(wording.title(outcome.name), outcome.from_score) for outcome in detector.thresholds()]
    chart = score_histogram(Histogram(histogram["edges"], {"All": histogram["counts"]}), marks, noun)
    st.altair_chart(chart, width="stretch", alt=f"How many {noun} there are in each range of scores")


def _show_top_events(detector: Detector, summary: Json) -> None:
    events = summary.get("top_events") or []
    st.subheader(f"Highest risk ({len(events)})" if events else "Highest risk", anchor=False)
    if not events:
        st.caption("No row of this file was scored.")
        return
    known = ["score", "outcome", "amount", "timestamp", "event_id", "row", "probability"]
    others = [name for name in events[0] if name not in known]
    st.dataframe(
        [{**event, "outcome": wording.title(str(event.get("outcome")))} for event in events],
        hide_index=True,
        height=290,
        column_order=[*known[:5], *others, *known[5:]],
        column_config=_column_config(detector, others),
        alt="The events with the highest scores",
    )


def _column_config(detector: Detector, others: list[str]) -> dict[str, Any]:
    symbol = wording.SYMBOLS.get(detector.currency, "")
    column = st.column_config
    return {
        "score": column.ProgressColumn("Score", format="%d", min_value=0, max_value=1000, width=110),
        "outcome": column.TextColumn("Outcome", width=80),
        "amount": column.NumberColumn("Amount", format=f"{symbol}%,.2f", width=95),
        "timestamp": column.DatetimeColumn("Time (UTC)", format="D MMM YYYY, HH:mm", timezone="UTC", width=150),
        "event_id": column.TextColumn("Event ID"),
        "row": column.NumberColumn("Row", format="%d", help="The line in the file; the header is line 1."),
        "probability": column.NumberColumn("Probability", format="percent"),
        **{name: column.TextColumn(wording.title(name)) for name in others},
    }


def _show_errors(summary: Json) -> None:
    errors, unused = summary.get("errors") or [], summary.get("unused_columns") or []
    if errors:
        failed = int(summary.get("failed") or len(errors))
        st.subheader(f"Rows that failed ({wording.count(failed)})", anchor=False)
        if failed > len(errors):
            st.caption(f"The first {len(errors)} are listed here; the results file has them all.")
        config = {
            "row": st.column_config.NumberColumn("Row", format="%d", width=60, alignment="left"),
            "column": st.column_config.TextColumn("Column", width=160),
            "message": st.column_config.TextColumn("What to mend", width=800),
        }
        st.dataframe(errors, hide_index=True, column_config=config, alt="Rows that failed, and why")
    if unused:
        st.caption(in_markdown(f"Columns that the detector does not use: {', '.join(map(str, unused))}."))
