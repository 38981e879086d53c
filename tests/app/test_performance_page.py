from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("performance").run()


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value.replace("\u00a0", " ").replace("\\", "") for metric in page.metric}


def test_the_models_stand_side_by_side(page: AppTest) -> None:
    assert not page.exception
    table = page.dataframe[0].value
    assert table["model"].tolist() == ["XGBoost", "Random forest", "Logistic regression", "Decision tree"]
    assert table["chosen"].tolist() == ["Decides", "", "", ""]
    assert table["auc"][0] == pytest.approx(0.9)


def test_a_metric_that_no_model_has_is_left_out(contract: Contract, open_page: OpenPage) -> None:
    for model in contract.evaluation["models"]:
        model["test"]["card_precision"] = None
    page = open_page("performance").run()
    assert not page.exception
    assert "card_precision" not in page.dataframe[0].value


def test_the_threshold_moves_rates_and_money(page: AppTest) -> None:
    at_review = metrics(page)
    assert at_review["False positive rate"] == "2 %"
    assert at_review["Fraud caught"] == "$85,013"
    page.slider(key="threshold").set_value(975).run()
    at_block = metrics(page)
    assert at_block["False positive rate"] == "0.5 %"
    assert at_block["Precision"] > at_review["Precision"]
    assert "About 0.5 % of legitimate payments score this high or higher." in texts(page)


def test_curves_show_every_model_and_histograms_can_be_logarithmic(page: AppTest) -> None:
    roc, precision_recall, histogram = (json.loads(chart.proto.spec) for chart in page.get("vega_lite_chart"))
    assert "False positive rate" in json.dumps(roc)
    assert "Precision" in json.dumps(precision_recall)
    assert "symlog" in json.dumps(histogram)
    next(toggle for toggle in page.toggle if toggle.label == "Logarithmic counts").set_value(False).run()
    assert "symlog" not in page.get("vega_lite_chart")[2].proto.spec


def test_events_without_an_amount_have_no_money(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["event_type"]["currency"] = None
    contract.evaluation["fraud_amount"] = None
    for row in contract.evaluation["thresholds"]:
        row.update(caught_amount=None, missed_amount=None, false_alarm_amount=None)
    page = open_page("performance").run()
    assert not page.exception
    assert "Fraud caught" not in metrics(page)
    assert "Fraud amount" not in metrics(page)


def test_a_detector_of_rules_alone_says_so(contract: Contract, open_page: OpenPage) -> None:
    contract.detector.update(model=None, examples=[], training=None)
    contract.evaluation["models"] = []
    page = open_page("performance").run()
    assert not page.exception
    assert "No model to measure" in texts(page)


def test_of_a_model_that_was_brought_no_more_is_said_than_is_known(contract: Contract, open_page: OpenPage) -> None:
    contract.detector["model"]["brought"] = True
    page = open_page("performance").run()
    assert not page.exception
    assert "which the model, trained elsewhere, may have seen" in texts(page)
    assert "Trained on" not in metrics(page)


def test_an_evaluation_that_is_missing_is_said_calmly(contract: Contract, open_page: OpenPage) -> None:
    contract.faults["/v1/detector/evaluation"] = 503
    page = open_page("performance").run()
    assert not page.exception
    assert page.warning
