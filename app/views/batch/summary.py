"""Batch summary: outcomes by count and amount, scores, the riskiest rows, and failed rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import streamlit as st

from app.api.client import Json
from app.api.detector import Detector
from app.components.chart_display import show_chart
from app.components.charts import Histogram, Mark, score_histogram
from app.ui import formatting
from app.ui.page import in_markdown
from app.views.batch.risky_rows import show_risky_rows
from app.views.batch.shares_chart import Share, shares_chart


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
                help="Your columns plus score, probability, outcome and status.",
            )
        if downloads.get("results_parquet"):
            st.link_button(
                "Download results (Parquet)",
                downloads["results_parquet"],
                icon=":material/download:",
                help="The same data as Parquet, for programs.",
            )
        if downloads.get("summary"):
            st.link_button("Download summary (JSON)", downloads["summary"], icon=":material/download:")


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
        delta_color=_colour(detector, name),
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
