from __future__ import annotations

import json

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.ui import formatting
from tests.app import model_shapes
from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract


@pytest.fixture(autouse=True)
def _labelled_days(contract: Contract) -> None:
    contract.summaries = model_shapes.summaries()


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("performance").run()


@pytest.fixture
def live(open_page: OpenPage) -> AppTest:
    page = open_page("performance")
    page.query_params["on"] = "live"
    return page.run()


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value.replace("\u00a0", " ").replace("\\", "") for metric in page.metric}


def charts(page: AppTest) -> list[str]:
    return [chart.proto.spec for chart in page.get("vega_lite_chart")]


def test_the_models_stand_side_by_side(page: AppTest) -> None:
    assert not page.exception
    table = page.dataframe[0].value
    assert table["model"].tolist() == ["XGBoost", "Random forest", "Logistic regression", "Decision tree"]
    assert table["chosen"].tolist() == ["Live", "", "", ""]
    assert table["auc"][0] == pytest.approx(0.9)


def test_each_model_is_judged_where_the_threshold_stands(page: AppTest) -> None:
    here = page.dataframe[0].value["here"].tolist()
    assert here == sorted(here, reverse=True)
    assert here[0] == pytest.approx(100 * 0.02 ** (1 / 9), abs=1)
    page.slider(key="address-threshold").set_range(975, 990).run()
    assert page.dataframe[0].value["here"][0] == pytest.approx(100 * 0.005 ** (1 / 9), abs=1)


def test_a_metric_that_no_model_has_is_left_out(contract: Contract, open_page: OpenPage) -> None:
    for model in contract.evaluation["models"]:
        model["test"]["card_precision"] = None
    page = open_page("performance").run()
    assert not page.exception
    assert "card_precision" not in page.dataframe[0].value


def test_the_threshold_moves_figures_and_money_without_asking_again(contract: Contract, page: AppTest) -> None:
    at_review, asked = metrics(page), list(contract.requests)
    assert at_review["False positive rate"] == "2%"
    assert at_review["Recall"] == "64.8%"
    assert at_review["Fraud missed"] == "$46,168"
    page.slider(key="address-threshold").set_range(975, 990).run()
    at_block = metrics(page)
    assert at_block["False positive rate"] == "0.5%"
    assert float(at_block["Precision"][:-2]) > float(at_review["Precision"][:-2])
    assert float(at_block["Recall"][:-2]) < float(at_review["Recall"][:-2])
    assert next(metric for metric in page.metric if metric.label == "Recall").delta.startswith("-")
    assert "975: about 0.5% of legitimate payments score this high or higher." in texts(page)
    assert page.query_params["threshold"] == "975-990"
    assert contract.requests == asked


def test_two_thresholds_part_the_matrix_in_three(page: AppTest) -> None:
    matrix = next(html.proto.body for html in page.html if "tg-matrix" in html.proto.body)
    heads = [matrix.index(f'<th scope="col">{name}</th>') for name in ("Block", "Review", "Approved")]
    assert heads == sorted(heads)
    assert matrix.count("<td class") == 7


@pytest.mark.parametrize(("asked", "shown"), [("700-950", (700, 950)), ("700", (700, 975)), ("703-952", (700, 950))])
def test_the_address_says_where_the_thresholds_stand(open_page: OpenPage, asked: str, shown: tuple[int, int]) -> None:
    page = open_page("performance")
    page.query_params["threshold"] = asked
    page.run()
    assert page.slider(key="address-threshold").value == shown
    assert metrics(page)["False positive rate"] == "7%"


@pytest.mark.parametrize("asked", ["-1", "lots", "99999", "²", "1-2-3", ""])
def test_a_strange_address_does_no_harm(open_page: OpenPage, asked: str) -> None:
    page = open_page("performance")
    page.query_params["threshold"] = asked
    page.run()
    assert not page.exception


def test_a_single_threshold_moves_alone(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["outcomes"] = [{"name": "approve", "from_score": 0}, {"name": "block", "from_score": 950}]
    page = open_page("performance").run()
    assert not page.exception
    page.slider(key="address-threshold").set_value(900).run()
    assert metrics(page)["False positive rate"] == "2%"
    assert "per day (block from" in texts(page)


def test_prices_move_what_is_cheapest(page: AppTest) -> None:
    before = next(line for line in texts(page).splitlines() if "Cheapest" in line)
    page.number_input(key="price-review").set_value(0.0).run()
    after = next(line for line in texts(page).splitlines() if "Cheapest" in line)
    assert "review from 0" in after
    assert before != after


def test_curves_show_the_models_that_are_chosen(page: AppTest) -> None:
    roc, precision_recall = charts(page)[-2:]
    assert "False positive rate" in roc
    assert "Precision" in precision_recall
    assert "Decision tree" in roc
    page.button_group(key="curves").set_value(["XGBoost"]).run()
    assert "Decision tree" not in charts(page)[-1]


def test_counts_can_be_logarithmic(page: AppTest) -> None:
    assert "symlog" in charts(page)[1]
    next(toggle for toggle in page.toggle if toggle.label == "Log scale").set_value(False).run()
    assert "symlog" not in charts(page)[1]


def test_calibration_is_drawn_where_it_was_measured(contract: Contract, open_page: OpenPage) -> None:
    bins = [{"mean_predicted": 0.001, "observed_share": 0.0, "count": 10}]
    bins.append({"mean_predicted": 0.2, "observed_share": 0.25, "count": 8})
    contract.evaluation["calibration"] = {
        "brier": 0.01, "mean_predicted": 0.1, "observed_share": 0.12, "reliability": bins,
    }  # fmt: skip
    page = open_page("performance").run()
    assert not page.exception
    assert "On average, the model predicted 10%, and 12% was fraud." in texts(page)
    assert json.loads(charts(page)[2])["layer"][1]["data"]["values"][0]["observed"] > 0


def test_events_without_an_amount_have_no_money(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["event_type"]["currency"] = None
    contract.evaluation["fraud_amount"] = None
    for row in contract.evaluation["thresholds"]:
        row.update(caught_amount=None, missed_amount=None, false_alarm_amount=None)
    page = open_page("performance").run()
    assert not page.exception
    assert "Fraud missed" not in metrics(page)
    assert "Events have no amount" in texts(page)


def test_a_detector_of_rules_alone_says_so(contract: Contract, open_page: OpenPage) -> None:
    contract.detector.update(model=None, examples=[])
    contract.evaluation["models"] = []
    page = open_page("performance").run()
    assert not page.exception
    assert "No model results" in texts(page)


def test_of_a_model_that_was_brought_no_more_is_said_than_is_known(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["model"]["brought"] = True
    page = open_page("performance").run()
    assert not page.exception
    assert "The model was trained elsewhere and may have seen them." in texts(page)
    assert "The version was built from" not in texts(page)


def test_an_evaluation_that_is_missing_is_said_calmly(contract: Contract, open_page: OpenPage) -> None:
    contract.faults["/v1/detector/evaluation"] = 503
    page = open_page("performance").run()
    assert not page.exception
    assert page.warning


def test_live_days_count_once_their_labels_are_final(live: AppTest) -> None:
    assert not live.exception
    # Of thirty days, the newest eight are open: the label delay is a week, and ends at a midnight.
    mature = model_shapes.DAYS - 8
    assert f"{mature * (model_shapes.DAILY + model_shapes.DAILY_FRAUDS):,} payments on {mature} days" in texts(live)
    assert "are still open" in texts(live)
    assert metrics(live)["Recall"] == "75%"
    assert "datum.mature" in next(spec for spec in charts(live) if "Known fraud" in spec)


def test_live_figures_are_those_of_the_recorded_outcomes(contract: Contract, live: AppTest) -> None:
    days = (contract.summaries or {})["days"][: model_shapes.DAYS - 8]
    rows = [row for day in days for row in day["outcomes"]]
    frauds = [row for row in rows if row["label"] == "fraud"]
    missed = [row for row in frauds if row["outcome"] == "approve"]
    alerts = sum(row["decisions"] for row in rows if row["outcome"] != "approve")
    of, through = (sum(row["decisions"] for row in some) for some in (frauds, missed))
    assert metrics(live)["Recall"] == formatting.percent((of - through) / of).replace("\u00a0", " ")
    assert metrics(live)["Precision"] == formatting.percent((of - through) / alerts).replace("\u00a0", " ")
    assert metrics(live)["Fraud missed"] == formatting.money(sum(row["amount"] for row in missed), "USD")
    said = texts(live)
    assert f"With rules, {of - through} of {of} known frauds were caught." in said
    assert f"Scores of 900 or higher alone would have caught {of - through - len(days)}." in said
    assert "/queue?label=fraud&days=30&outcome=approve&sort=amount" in said


def test_live_figures_by_score_alone_are_a_choice(open_page: OpenPage) -> None:
    page = open_page("performance")
    page.query_params["on"], page.query_params["by"] = "live", "score"
    page.run()
    assert not page.exception
    assert metrics(page)["Recall"] == "66.7%"
    page.slider(key="address-threshold").set_range(700, 975).run()
    assert metrics(page)["Recall"] != "66.7%"
    page.button_group(key="address-by").set_value("decided").run()
    assert metrics(page)["Recall"] == "75%"


def test_live_figures_of_a_detector_of_two_outcomes(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["outcomes"] = [{"name": "approve", "from_score": 0}, {"name": "block", "from_score": 950}]
    contract.detector["outcome_order"] = ["approve", "block"]
    for row in (row for day in (contract.summaries or {})["days"] for row in day["outcomes"]):
        row["outcome"] = "block" if row["outcome"] == "review" else row["outcome"]
    page = open_page("performance")
    page.query_params["on"] = "live"
    page.run()
    assert not page.exception
    assert metrics(page)["Recall"] == "75%"
    assert "$0 reviews" in texts(page)


def test_live_figures_warn_where_money_at_risk_is_off(open_page: OpenPage) -> None:
    page = open_page("performance")
    page.query_params["on"] = "live"
    assert "Money at risk is too low" in "".join(warning.value for warning in page.run().warning)


def test_open_days_count_if_they_are_asked_for(contract: Contract, live: AppTest) -> None:
    asked = list(contract.requests)
    live.toggle(key="provisional").set_value(True).run()
    assert f"on {model_shapes.DAYS} days" in texts(live)
    assert contract.requests == asked


def test_days_that_are_all_open_say_when_the_first_is_final(contract: Contract, open_page: OpenPage) -> None:
    contract.summaries = model_shapes.summaries(3)
    page = open_page("performance")
    page.query_params["on"] = "live"
    page.run()
    assert not page.exception
    assert "No days with final labels yet" in texts(page)
    assert "Known fraud" in charts(page)[0]


def test_no_live_decisions_and_no_labels_are_told_apart(contract: Contract, open_page: OpenPage) -> None:
    contract.summaries = {"days": [], "indexed_until": None}
    page = open_page("performance")
    page.query_params["on"] = "live"
    assert "No live decisions" in texts(page.run())
    st.cache_data.clear()
    contract.detector["label"] = None
    page = open_page("performance")
    page.query_params["on"] = "live"
    assert "No labels" in texts(page.run())


def test_live_curves_lie_beside_those_of_the_test(live: AppTest) -> None:
    roc = charts(live)[-2]
    assert "Live" in roc
    assert "Test data" in roc
    assert "vs. test data" in texts(live)
