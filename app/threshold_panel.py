"""What a threshold would have meant: a slider over the score, and what it catches, misses and flags for nothing."""

from __future__ import annotations

import streamlit as st

from app import wording
from app.charts import Histogram, Mark, score_histogram
from app.client import Json
from app.detector import Detector
from app.page import in_markdown


@st.fragment
def show_threshold_panel(detector: Detector, evaluation: Json) -> None:
    """Show the slider and, for its score, confusion matrix, rates, money and the distribution of scores."""
    rows = {int(row["score"]): row for row in evaluation.get("thresholds") or ()}
    if not rows:
        return
    noun = wording.plural(detector.event_name)
    st.header("Where to draw the line", anchor=False, help=wording.SCORE_HELP)
    first = next((outcome.from_score for outcome in detector.thresholds()), 900)
    score = st.slider("Act on scores from", 0, 1000, min(rows, key=lambda s: abs(s - first)), step=5, key="threshold")
    row = rows.get(score) or rows[min(rows, key=lambda known: abs(known - score))]
    st.caption(wording.score_meaning(score, detector.score_scale, detector.event_name))
    matrix, numbers = st.columns([5, 7], gap="large")
    with matrix:
        st.html(confusion_matrix(row, noun))
    with numbers:
        _show_numbers(detector, row, noun)
    _show_distribution(evaluation, score, noun)


def confusion_matrix(row: Json, noun: str) -> str:
    """Return the confusion matrix as an HTML table; a cell's shade is its share of its row."""
    caught, missed = int(row["true_positives"]), int(row["false_negatives"])
    alarms, passed = int(row["false_positives"]), int(row["true_negatives"])

    def cell(number: int, of: int, name: str, tone: str) -> str:
        share = number / of if of else 0.0
        return (
            f'<td class="tg-tone-{tone}" style="--tg-share:{share * 100:.1f}%"><b>{wording.count(number)}</b>'
            f"<span>{name}, {wording.percent(share)}</span></td>"
        )

    frauds, legitimate = caught + missed, alarms + passed
    return (
        f'<table class="tg-matrix" aria-label="Confusion matrix of {noun}"><tr><td class="tg-corner"></td>'
        '<th scope="col">Acted on</th><th scope="col">Let through</th></tr>'
        f'<tr><th scope="row">Fraud</th>{cell(caught, frauds, "caught", "go")}'
        f"{cell(missed, frauds, 'missed', 'stop')}</tr>"
        f'<tr><th scope="row">Legitimate</th>{cell(alarms, legitimate, "false alarms", "look")}'
        f"{cell(passed, legitimate, 'undisturbed', 'go')}</tr></table>"
    )


def _show_numbers(detector: Detector, row: Json, noun: str) -> None:
    caught, missed = int(row["true_positives"]), int(row["false_negatives"])
    alarms, passed = int(row["false_positives"]), int(row["true_negatives"])
    precision, recall, rate = st.columns(3)
    precision.metric(
        "Precision", _share(caught, caught + alarms), help=f"Of the {noun} acted on, the share that was fraud."
    )
    recall.metric("Recall", _share(caught, caught + missed), help="Of all frauds, the share that was caught.")
    rate.metric(
        "False positive rate", _share(alarms, alarms + passed), help=f"Of the legitimate {noun}, the share acted on."
    )
    if row.get("caught_amount") is None:
        return
    amounts = {
        "Fraud caught": ("caught_amount", f"The amount of the fraudulent {noun} acted on."),
        "Fraud missed": ("missed_amount", f"The amount of the fraudulent {noun} let through."),
        "False alarms": ("false_alarm_amount", f"The amount of the legitimate {noun} acted on."),
    }
    for cell, (title, (name, note)) in zip(st.columns(3), amounts.items(), strict=True):
        cell.metric(title, in_markdown(wording.money(row.get(name), detector.currency)), help=note)


def _share(part: int, whole: int) -> str:
    return wording.percent(part / whole) if whole else wording.NOTHING


def _show_distribution(evaluation: Json, score: int, noun: str) -> None:
    histogram = evaluation.get("score_histogram")
    if not histogram:
        return
    heading, option = st.columns([3, 1], vertical_alignment="bottom")
    heading.subheader("Scores of legitimate and fraudulent " + noun, anchor=False)
    with option, st.container(horizontal=True, horizontal_alignment="right"):
        log = st.toggle("Logarithmic counts", value=True, help="Frauds are few: on a plain scale their bars vanish.")
    series = {"Legitimate": histogram["legitimate"], "Fraud": histogram["fraud"]}
    chart = score_histogram(Histogram(histogram["edges"], series), [Mark("Threshold", score)], noun, log)
    st.altair_chart(chart, width="stretch", alt=f"How many legitimate and fraudulent {noun} have each score")
