"""Performance page: model quality, and the fraud caught, fraud missed and cost of thresholds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.evaluation import load_evaluation, read_test_table
from app.components.charts import Curve, show_chart
from app.components.live_days import count_frauds
from app.components.model_health import calibrate_money, compare_with_test, describe_calibration, describe_moved
from app.components.outcome_card import empty_state
from app.components.score_table import ScoreTable, measure
from app.ui import formatting, times
from app.ui.page import in_markdown, problems_shown, show_page
from app.ui.url_state import in_url, one_of
from app.views.performance.charts import calibration_chart
from app.views.performance.costs import read_prices
from app.views.performance.live import Live, count_decided, read_live, read_table, show_days, show_decided
from app.views.performance.model_table import LOW_RATES, draw_curves, show_models
from app.views.performance.threshold_panel import (
    choose_thresholds,
    show_distribution,
    show_matrix_and_costs,
    show_score_figures,
    used_threshold,
)

WAYS = {"decided": "As decided, with rules", "score": "By score only"}
Count: TypeAlias = Callable[[Json], tuple[int, int]]
SOURCES = {"test": "Test data", "live": "Live, labeled"}
READS = ("on", "by", "threshold")


def show() -> None:
    """Show the page."""
    show_page(
        "Performance",
        "Fraud caught, fraud missed and customers affected at each threshold.",
        _show_body,
        READS,
    )


def _show_body(api: Api, detector: Detector) -> None:
    evaluation = load_evaluation(api.url, detector.version, api)
    if not evaluation.get("models"):
        text = "This detector version uses rules only, or it has no evaluation."
        st.html(empty_state("No model results", text))
        return
    choice, about = st.columns([3, 7], vertical_alignment="center")
    with choice:
        source = st.segmented_control(
            "Measured on", list(SOURCES), required=True, format_func=SOURCES.__getitem__, label_visibility="collapsed",
            **in_url("on", "test", one_of(list(SOURCES))),
        )  # fmt: skip
    if source == "live":
        _show_live(api, detector, evaluation, about)
    else:
        about.caption(in_markdown(_basis(detector, evaluation)))
        _show_test(detector, evaluation)


@st.fragment
@problems_shown()
def _show_test(detector: Detector, evaluation: Json) -> None:
    table = read_test_table(evaluation)
    if table is None:
        show_models(evaluation, None)
        return
    thresholds = choose_thresholds(detector)
    _show_judgment(detector, evaluation, table, thresholds)
    distribution, calibration = st.columns([7, 5], gap="large")
    with distribution:
        show_distribution(table, thresholds, formatting.plural(detector.event_name))
    with calibration:
        _show_calibration(evaluation.get("calibration"))
    show_models(evaluation, measure(table, thresholds[0][1]))


def _show_live(api: Api, detector: Detector, evaluation: Json, controls: DeltaGenerator) -> None:
    if detector.label_delay_s is None:
        text = "The detector file has no label column, so live events cannot be labeled."
        st.html(empty_state("No labels", text))
        return
    with controls:
        live = read_live(api, detector)
    _show_live_days(detector, evaluation, live)


@st.fragment
@problems_shown()
def _show_live_days(detector: Detector, evaluation: Json, live: Live) -> None:
    table = read_table(live, detector)
    if table is None:
        if live.days:
            show_days(live.days, partial(count_decided, mildest=detector.outcome_names()[0]), detector)
        return
    st.caption(in_markdown(_live_basis(detector, table)))
    _warn_of_money(detector, live)
    if _choose_way() == "decided":
        score, count = _show_decided(detector, evaluation, live, table)
    else:
        score, count = _show_scored(detector, evaluation, table)
    show_days(live.days, count, detector)
    _show_beside_test(detector, evaluation, table, score)


def _choose_way() -> str:
    about = "As decided: actual outcomes, with rules. By score only: outcomes of the thresholds without rules."
    way = st.segmented_control(
        "Outcomes", list(WAYS), required=True, format_func=WAYS.__getitem__, help=about, width="content",
        **in_url("by", "decided", one_of(list(WAYS))),
    )  # fmt: skip
    return str(way)


def _show_decided(detector: Detector, evaluation: Json, live: Live, table: ScoreTable) -> tuple[int, Count]:
    show_decided(detector, live, table, read_prices(evaluation.get("money")))
    return used_threshold(detector) // 5 * 5, partial(count_decided, mildest=detector.outcome_names()[0])


def _show_scored(detector: Detector, evaluation: Json, table: ScoreTable) -> tuple[int, Count]:
    thresholds = choose_thresholds(detector)
    _show_judgment(detector, evaluation, table, thresholds)
    show_distribution(table, thresholds, formatting.plural(detector.event_name))
    score = thresholds[0][1]
    return score, partial(count_frauds, score=score)


def _warn_of_money(detector: Detector, live: Live) -> None:
    found = calibrate_money([one.summary for one in live.days if one.is_mature], detector.outcome_names())
    if found is None:
        return
    text = in_markdown(describe_calibration(found, detector))
    if found.is_off:
        st.warning(text, icon=":material/money_off:")
    else:
        st.caption(text)


def _show_beside_test(detector: Detector, evaluation: Json, table: ScoreTable, score: int) -> None:
    about = "If the live curve is below the test curve, the model is getting worse."
    st.header("Live compared with test data", anchor=False, help=about)
    test = read_test_table(evaluation)
    moved = [one for one in compare_with_test(table, test, used_threshold(detector)) if one.has_moved] if test else []
    if moved:
        st.warning(in_markdown(describe_moved(moved)), icon=":material/trending_down:")
    chosen = evaluation["models"][0]
    curves = (evaluation.get("curves") or {}).get(chosen["name"], {})
    lines = [
        [Curve("Live", points, True), *([Curve("Test data", curves[kind], False)] if kind in curves else [])]
        for kind, points in (("roc", table.roc()), ("precision_recall", table.precision_recall()))
    ]
    _show_aging(table, chosen.get("test") or {})
    draw_curves(lines[0], lines[1], LOW_RATES, measure(table, score).false_positive_rate)


def _show_aging(table: ScoreTable, test: Json) -> None:
    area, precision, *_ = st.columns(4)
    for cell, name, live, then in (
        (area, "ROC AUC", table.auc(), test.get("auc")),
        (precision, "Average precision", table.average_precision(), test.get("average_precision")),
    ):
        change = None if live is None or then is None else f"{live - then:+.3f} vs. test data"
        cell.metric(name, formatting.NOTHING if live is None else f"{live:.3f}", change, border=True)


def _show_judgment(detector: Detector, evaluation: Json, table: ScoreTable, thresholds: list[tuple[str, int]]) -> None:
    show_score_figures(detector, table, thresholds)
    show_matrix_and_costs(detector, table, thresholds, read_prices(evaluation.get("money")))


def _show_calibration(calibration: Json | None) -> None:
    if not calibration or not calibration.get("reliability"):
        return
    note = "Each point is a tenth of the payments. On the dashed line, actual fraud equals predicted fraud."
    st.subheader("Calibration", anchor=False, help=note)
    show_chart(calibration_chart(calibration["reliability"]), alt="Predicted and actual share of fraud")
    predicted, observed = (formatting.percent(calibration[name]) for name in ("mean_predicted", "observed_share"))
    st.caption(
        f"On average, the model predicted {predicted}, and {observed} was fraud. "
        f"Brier score {calibration['brier']:.2g} (0 is perfect)."
    )


def _basis(detector: Detector, evaluation: Json) -> str:
    """Return a sentence or two on the data behind the figures."""
    noun, period = formatting.plural(detector.event_name), evaluation.get("period") or {}
    amount = evaluation.get("fraud_amount")
    worth = "" if amount is None else f" worth {formatting.money(amount, detector.currency)}"
    model = detector.document.get("model") or {}
    unseen = (
        "The model was trained elsewhere and may have seen them."
        if model.get("brought")
        else "They were not used in training."
    )
    text = (
        f"{formatting.count(evaluation.get('rows'))} {noun} from {_span(period)}, "
        f"including {formatting.count(evaluation.get('frauds'))} frauds{worth}. {unseen}"
    )
    trained = detector.document.get("training") or {}
    if not model.get("brought") and trained:
        text += f" The version was built from {formatting.count(trained.get('rows'))} {noun} from {_span(trained)}."
    return text


def _live_basis(detector: Detector, table: ScoreTable) -> str:
    noun = formatting.plural(detector.event_name)
    amount = table.all.fraud_amount
    worth = "" if amount is None else f" worth {formatting.money(amount, detector.currency)}"
    return (
        f"{formatting.count(table.events)} {noun} on {table.days:g} days, including "
        f"{formatting.count(table.all.frauds)} known frauds{worth}. Scores are from the versions that were live then."
    )


def _span(span: Json) -> str:
    return times.period(span.get("from"), span.get("to"))


if __name__ == "__main__":  # as Streamlit runs a page
    show()
