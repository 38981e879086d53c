"""The page of settings and help, and log-in."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.ui.glossary import GLOSSARY
from app.views.help.page import DOCUMENTS
from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract

ROOT = Path(__file__).resolve().parents[2]


def shown(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value.replace("\\", "") for metric in page.metric}


def test_it_says_what_it_is_connected_to_and_never_the_keys(
    contract: Contract, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    page = open_page("help").run()
    assert not page.exception
    figures = shown(page)
    assert figures["API"] == contract.url.removeprefix("http://")
    assert figures["Requests"] == "Not signed", "keys are not for open wires"
    assert figures["Latency"].endswith("ms")
    assert not {"AKIDEXAMPLE", "very-secret"} & set(str(page.main).split('"'))


def test_an_api_that_stopped_answering_is_said(contract: Contract, open_page: OpenPage) -> None:
    contract.faults["/v1/healthz"] = 503
    page = open_page("help").run()
    assert shown(page)["Latency"] == "No answer"
    assert "failed to process the request (503)" in texts(page)
    contract.faults.clear()
    page.button[0].click().run()
    assert shown(page)["Latency"].endswith("ms")


def test_versions_stand_newest_first_with_the_one_that_decides(open_page: OpenPage) -> None:
    page = open_page("help").run()
    table = page.dataframe[0].value
    assert table["State"].tolist() == ["Live", "Stored", "Stored"]
    assert table["Model"].tolist() == ["XGBoost", "XGBoost", "–"]
    assert "Newest 3 of 31." in texts(page)


def test_every_word_is_explained_and_every_document_is_there(open_page: OpenPage) -> None:
    said = texts(open_page("help").run())
    assert all(f"**{word}**" in said for word in GLOSSARY)
    for text in DOCUMENTS.values():
        path = text.rstrip(".").rpartition(" ")[2]
        assert (ROOT / path).is_file(), path
