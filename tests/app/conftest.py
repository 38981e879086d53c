"""A server that answers as the contract says, and pages that speak to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest
import streamlit as st
from altair.utils import schemapi
from streamlit.testing.v1 import AppTest

from app import clock
from app.components import charts
from tests.app.contract_server import Contract, serve_contract
from tests.app.past_decisions import NOW

SETTINGS = ("TOLLGATE_API_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION")


class OpenPage(Protocol):
    """Opens a page; ``url`` is the API's address, where it is not the contract's."""

    def __call__(self, name: str, url: str | None = None) -> AppTest: ...


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    st.cache_data.clear()


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with clock.set_to(NOW):
        yield


@pytest.fixture(autouse=True)
def _checked_charts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Check every chart against Vega-Lite's schema, which pages leave out."""
    monkeypatch.setattr(charts, "CHECKED", True)
    with schemapi.debug_mode(True):
        yield


@pytest.fixture
def contract() -> Iterator[Contract]:
    with serve_contract() as running:
        yield running
        assert running.drift == [], "the fake API answered otherwise than docs/reference/openapi.json says"


@pytest.fixture
def open_page(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Return a function that opens one page by the name of its module, before ``contract`` or another API."""

    def open_one(name: str, url: str | None = None) -> AppTest:
        monkeypatch.setenv("TOLLGATE_API_URL", contract.url if url is None else url)
        script = f"from app.views.{name} import page\npage.show()\n"
        return AppTest.from_string(script, default_timeout=30)

    return open_one


def texts(page: AppTest) -> str:
    """Return everything that the page says, as one text, without Markdown's escapes."""
    elements = [*page.markdown, *page.caption, *page.title, *page.header, *page.subheader, *page.html]
    elements += [*page.warning, *page.info, *page.success, *page.error]
    said = [str(element.value if hasattr(element, "value") else element.body) for element in elements]
    metrics = [f"{metric.label} {metric.value} {metric.delta}" for metric in page.metric]
    return "\n".join([*said, *metrics]).replace("\\", "").replace("\u00a0", " ")
