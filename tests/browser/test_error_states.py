"""An API that fails while a session is open: what the analyst sees, in a real browser, and that she can go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bench.browsing.accessibility import find_violations
from bench.browsing.settled import wait_until_settled
from localstack.dashboard import running_dashboard
from localstack.emulator import find_free_port
from tests.app.contract_server import Contract, serve_contract
from tests.app.test_error_states import EXPIRED
from tests.browser.test_pages import keep_screenshot, turn_to

pytestmark = pytest.mark.browser
SLOW_MS = 60_000
FAULTS = {
    "empty": (404, {"message": "There is no detector payments."}, "detector has no version yet"),
    "forbidden": (403, {"Message": "Forbidden"}, "denied access"),
    "expired": (403, EXPIRED, "has expired"),
    "busy": (429, {"message": "Too Many Requests"}, "The API is busy"),
    "broken": (502, {"message": "Internal server error"}, "failed to process the request"),
}


@pytest.fixture
def contract() -> Iterator[Contract]:
    with serve_contract() as running:
        yield running


@pytest.fixture
def url(contract: Contract, tmp_path: Path) -> Iterator[str]:
    """A dashboard of its own: nothing of the API's answers is kept from other tests."""
    with running_dashboard(contract.url, find_free_port(), tmp_path / "dashboard.log") as address:
        yield address


def open_dashboard(page: Page, url: str) -> None:
    page.set_default_timeout(SLOW_MS)
    page.goto(url)
    wait_until_settled(page, SLOW_MS)


@pytest.mark.parametrize("state", FAULTS)
def test_a_fault_is_said_and_passes(state: str, contract: Contract, url: str, page: Page, scheme: str) -> None:
    status, content, sentence = FAULTS[state]
    contract.answers["/v1/detector"] = (status, content)
    open_dashboard(page, url)
    expect(page.get_by_test_id("stAlert").get_by_text(sentence, exact=False)).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)
    assert find_violations(page) == []
    keep_screenshot(page, f"error-{state}-{scheme}")
    contract.answers.clear()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_test_id("stAlert")).to_have_count(0)


def test_a_session_outlives_a_new_version(contract: Contract, url: str, page: Page, scheme: str) -> None:
    open_dashboard(page, url)
    contract.faults["/v1/detector/evaluation"] = 503
    turn_to(page, "Performance")
    expect(page.get_by_test_id("stAlert")).to_be_visible()
    contract.faults.clear()
    contract.detector["detector_version"] = "20261126-ffffffffffffffff"
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_test_id("stAlert").get_by_text("20261126-ffffffffffffffff", exact=False)).to_be_visible()
    expect(page.get_by_role("heading", name="Model comparison")).to_be_visible()
    assert find_violations(page) == []
    keep_screenshot(page, f"error-new-version-{scheme}")
