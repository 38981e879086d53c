"""The Performance page: how well the models tell fraud from the rest, and what a threshold would cost."""

from __future__ import annotations

import streamlit as st

from app import wording
from app.charts import Curve, curves_chart
from app.client import Api, Json
from app.detector import Detector
from app.model_table import show_models
from app.outcome_card import empty_state
from app.page import in_markdown, show_page
from app.threshold_panel import show_threshold_panel

PERIODS = {"test": "Test period", "validation": "Validation period"}
LOW_RATES = 0.1


def show() -> None:
    """Show the page."""
    show_page("Performance", "How well this detector version tells fraud from legitimate {events}.", _show_body)


def _show_body(api: Api, detector: Detector) -> None:
    evaluation = _load_evaluation(detector.version, api)
    models = evaluation.get("models") or []
    if not models:
        text = "This detector version decides by rules alone, or was sealed without an evaluation."
        st.html(empty_state("No model to measure", text))
        return
    _show_basis(detector, evaluation)
    heading, choice = st.columns([3, 2], vertical_alignment="bottom")
    heading.header("Models side by side", anchor=False)
    with choice, st.container(horizontal=True, horizontal_alignment="right"):
        period = st.segmented_control(
            "Period",
            list(PERIODS),
            default="test",
            required=True,
            format_func=PERIODS.__getitem__,
            label_visibility="collapsed",
            help="The model was chosen in the validation period; the test period comes after it and was kept apart.",
        )
    show_models(models, period or "test")
    _show_curves(models, evaluation.get("curves") or {})
    show_threshold_panel(detector, evaluation)


@st.cache_data(ttl=60, max_entries=4, show_spinner="Asking the API …")
def _load_evaluation(version: str, _api: Api) -> Json:  # noqa: ARG001 - the version is the cache's key
    return _api.evaluation()


def _show_basis(detector: Detector, evaluation: Json) -> None:
    """Say in a few numbers what the measurements rest on."""
    trained, noun = detector.document.get("training") or {}, wording.plural(detector.event_name)
    days, training_days = _days(evaluation.get("period") or {}), _days(trained)
    share = (evaluation.get("frauds") or 0) / (evaluation.get("rows") or 1)
    amount = evaluation.get("fraud_amount")
    facts = [
        (f"{noun[:1].upper()}{noun[1:]} tested", wording.count(evaluation.get("rows")), f"{days}."),
        (
            "Frauds among them",
            wording.count(evaluation.get("frauds")),
            f"{wording.percent(share)} of the {noun} tested.",
        ),
        ("Fraud amount", wording.money(amount, detector.currency), "The amount of these frauds together."),
        (
            "Trained on",
            wording.count(trained.get("rows")),
            f"{training_days}, with {wording.count(trained.get('frauds'))} frauds.",
        ),
    ]
    brought = (detector.document.get("model") or {}).get("brought")
    if brought:
        del facts[3]
    if amount is None:
        del facts[2]
    for cell, (name, value, note) in zip(st.columns(len(facts)), facts, strict=True):
        cell.metric(name, in_markdown(value), border=True, help=note)
    unseen = "which the model, trained elsewhere, may have seen" if brought else "which no model has seen"
    st.caption(f"Measured on {noun} from {days}, {unseen}.")


def _days(span: Json) -> str:
    return f"{wording.moment(span.get('from'), time=False)} to {wording.moment(span.get('to'), time=False)}"


def _show_curves(models: list[Json], curves: Json) -> None:
    if not curves:
        return
    heading, option = st.columns([3, 2], vertical_alignment="bottom")
    heading.header("Curves", anchor=False)
    with option, st.container(horizontal=True, horizontal_alignment="right"):
        note = "Thresholds are set where few legitimate events are flagged."
        zoomed = st.toggle("ROC: first 10 % of false positives only", value=True, help=note)
    roc, precision_recall = st.columns(2, gap="large")
    with roc:
        st.subheader("ROC", anchor=False, help="Frauds caught against legitimate events flagged.")
        x_max = LOW_RATES if zoomed else 1.0
        chart = curves_chart(_curves(models, curves, "roc"), "False positive rate", "Recall", x_max)
        st.altair_chart(chart, width="stretch", alt="ROC curve of every model")
    with precision_recall:
        st.subheader("Precision and recall", anchor=False, help="How pure the catch is, the more is caught.")
        chart = curves_chart(_curves(models, curves, "precision_recall"), "Recall", "Precision")
        st.altair_chart(chart, width="stretch", alt="Precision-recall curve of every model")


def _curves(models: list[Json], curves: Json, kind: str) -> list[Curve]:
    return [
        Curve(str(model.get("title") or model["name"]), curves[model["name"]][kind], bool(model.get("chosen")))
        for model in models
        if model["name"] in curves
    ]
