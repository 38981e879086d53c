"""The Performance page: how well the models tell fraud from the rest, and what thresholds catch, miss and cost."""

from __future__ import annotations

from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import wording
from app.address import in_address, one_of
from app.charts import Curve
from app.client import Api, Json
from app.costs import read_prices
from app.detector import Detector
from app.live_panel import Live, read_live, read_table, show_days
from app.model_charts import calibration_chart
from app.model_table import LOW_RATES, draw_curves, show_models
from app.outcome_card import empty_state
from app.page import in_markdown, problems_shown, show_page
from app.score_table import ScoreTable, measure, read_thresholds
from app.shown_chart import show_chart
from app.threshold_panel import choose_thresholds, show_distribution, show_figures, show_matrix_and_costs

SOURCES = {"test": "Test data", "live": "Live, labelled"}


def show() -> None:
    """Show the page."""
    show_page("Performance", "What a threshold catches, misses and disturbs, and which model does it best.", _show_body)


def _show_body(api: Api, detector: Detector) -> None:
    evaluation = _load_evaluation(api.url, detector.version, api)
    if not evaluation.get("models"):
        text = "This detector version decides by rules alone, or was sealed without an evaluation."
        st.html(empty_state("No model to measure", text))
        return
    choice, about = st.columns([3, 7], vertical_alignment="center")
    with choice:
        source = st.segmented_control(
            "Measured on", list(SOURCES), required=True, format_func=SOURCES.__getitem__, label_visibility="collapsed",
            **in_address("on", "test", one_of(list(SOURCES))),
        )  # fmt: skip
    if source == "live":
        _show_live(api, detector, evaluation, about)
    else:
        about.caption(in_markdown(_basis(detector, evaluation)))
        _show_test(detector, evaluation)


@st.cache_data(ttl=60, max_entries=4, show_spinner="Asking the API …")
def _load_evaluation(url: str, version: str, _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    return _api.evaluation()


@st.fragment
@problems_shown()
def _show_test(detector: Detector, evaluation: Json) -> None:
    table = read_thresholds(evaluation.get("thresholds") or (), _days_of(evaluation.get("period") or {}))
    if table is None:
        show_models(evaluation, None)
        return
    thresholds = choose_thresholds(detector)
    _show_judgement(detector, evaluation, table, thresholds)
    distribution, calibration = st.columns([7, 5], gap="large")
    with distribution:
        show_distribution(table, thresholds, wording.plural(detector.event_name))
    with calibration:
        _show_calibration(evaluation.get("calibration"))
    show_models(evaluation, measure(table, thresholds[0][1]).false_positive_rate)


def _show_live(api: Api, detector: Detector, evaluation: Json, controls: DeltaGenerator) -> None:
    if detector.label_delay_s is None:
        text = "The detector file names no label, so nobody can say what live events turned out to be."
        st.html(empty_state("No labels", text))
        return
    with controls:
        live = read_live(api, detector)
    _show_live_days(detector, evaluation, live)


@st.fragment
@problems_shown()
def _show_live_days(detector: Detector, evaluation: Json, live: Live) -> None:
    table = read_table(live, detector)
    thresholds = choose_thresholds(detector) if live.days else []
    if table is not None:
        st.caption(in_markdown(_live_basis(detector, table)))
        _show_judgement(detector, evaluation, table, thresholds)
    if live.days:
        show_days(live.days, thresholds[0][1], detector)
    if table is None:
        return
    show_distribution(table, thresholds, wording.plural(detector.event_name))
    st.header("Live beside the test data", anchor=False, help="A live curve below that of the test: the model ages.")
    chosen = evaluation["models"][0]
    curves = (evaluation.get("curves") or {}).get(chosen["name"], {})
    lines = [
        [Curve("Live", points, True), *([Curve("Test data", curves[kind], False)] if kind in curves else [])]
        for kind, points in (("roc", table.roc()), ("precision_recall", table.precision_recall()))
    ]
    _show_aging(table, chosen.get("test") or {})
    draw_curves(lines[0], lines[1], LOW_RATES, measure(table, thresholds[0][1]).false_positive_rate)


def _show_aging(table: ScoreTable, test: Json) -> None:
    area, precision, *_ = st.columns(4)
    for cell, name, live, then in (
        (area, "ROC AUC", table.auc(), test.get("auc")),
        (precision, "Average precision", table.average_precision(), test.get("average_precision")),
    ):
        change = None if live is None or then is None else f"{live - then:+.3f} against the test data"
        cell.metric(name, wording.NOTHING if live is None else f"{live:.3f}", change, border=True)


def _show_judgement(detector: Detector, evaluation: Json, table: ScoreTable, thresholds: list[tuple[str, int]]) -> None:
    show_figures(detector, table, thresholds)
    show_matrix_and_costs(detector, table, thresholds, read_prices(evaluation.get("money")))


def _show_calibration(calibration: Json | None) -> None:
    if not calibration or not calibration.get("reliability"):
        return
    note = "Each point is a tenth of the payments. On the dashed line, as many are fraud as were predicted."
    st.subheader("Calibration", anchor=False, help=note)
    show_chart(calibration_chart(calibration["reliability"]), alt="Predicted and observed fraud")
    predicted, observed = (wording.percent(calibration[name]) for name in ("mean_predicted", "observed_share"))
    st.caption(
        f"On average {predicted} was predicted and {observed} was fraud. "
        f"Brier score {calibration['brier']:.2g}: 0 is perfect."
    )


def _basis(detector: Detector, evaluation: Json) -> str:
    """Return in a sentence or two what the measurements rest on."""
    noun, period = wording.plural(detector.event_name), evaluation.get("period") or {}
    amount = evaluation.get("fraud_amount")
    worth = "" if amount is None else f" worth {wording.money(amount, detector.currency)}"
    model = detector.document.get("model") or {}
    unseen = "which the model, trained elsewhere, may have seen" if model.get("brought") else "which no model has seen"
    said = (
        f"{wording.count(evaluation.get('rows'))} {noun} from {_span(period)}, {unseen}, "
        f"with {wording.count(evaluation.get('frauds'))} frauds{worth}."
    )
    trained = detector.document.get("training") or {}
    if not model.get("brought") and trained:
        said += f" The version was made from {wording.count(trained.get('rows'))} {noun} from {_span(trained)}."
    return said


def _live_basis(detector: Detector, table: ScoreTable) -> str:
    noun = wording.plural(detector.event_name)
    amount = table.all.fraud_amount
    worth = "" if amount is None else f" worth {wording.money(amount, detector.currency)}"
    return (
        f"{wording.count(table.events)} {noun} of {table.days:g} days, with {wording.count(table.all.frauds)} known "
        f"frauds{worth}, scored by the versions that decided then."
    )


def _span(span: Json) -> str:
    return f"{wording.moment(span.get('from'), time=False)} to {wording.moment(span.get('to'), time=False)}"


def _days_of(period: Json) -> float:
    try:
        first, last = (datetime.fromisoformat(period[name]) for name in ("from", "to"))
    except (KeyError, ValueError):
        return 1.0
    return (last.date() - first.date()).days + 1.0
