"""The Today page and the Review queue in a real browser, over decisions that the running stack makes."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from localstack.running import RunningStack, call
from tests.browser.test_pages import WAIT_MS, keep_screenshot, open_page
from tests.integration.test_whole_path import read_events

pytestmark = pytest.mark.browser
CARD = "4111 1111 1111 1111"


@pytest.fixture(scope="module")
def decided(tollgate: RunningStack) -> int:
    """Decisions of today, all of one customer at one shop, the last ones of large amounts; return how many."""
    events = read_events(tollgate)[:12]
    for number, event in enumerate(events):
        changed = {**event, "event_id": f"of-today-{number}", "customer_id": "of today", "device_id": "d-of-today"}
        if number > 5:
            changed["amount"] = 400.0 + number
        call(tollgate.deployment, "POST", "/v1/decisions", {"event": changed})
    deadline = time.monotonic() + 60
    while len(_found(tollgate)) < len(events):
        assert time.monotonic() < deadline, "the index does not have the decisions within a minute"
        time.sleep(0.3)
    return len(events)


def _found(tollgate: RunningStack) -> list[dict[str, object]]:
    path = "/v1/decisions?entity=customer:of%20today&limit=200"
    found: list[dict[str, object]] = call(tollgate.deployment, "GET", path)["decisions"]
    return found


def test_today(page: Page, scheme: str, dashboard_url: str, decided: int) -> None:
    open_page(page, dashboard_url, "Today")
    expect(page.get_by_text("Alert rate", exact=True)).to_be_visible(timeout=WAIT_MS)
    payments = page.get_by_test_id("stMetric").filter(has_text="Payments").get_by_test_id("stMetricValue")
    expect(payments).to_have_text(re.compile(r"^\d+$"), timeout=WAIT_MS)
    assert int(payments.inner_text()) >= decided
    expect(page.get_by_text("What changed")).to_be_visible()
    keep_screenshot(page, f"today-{scheme}")
    page.get_by_role("link", name="See all").click()
    expect(page.get_by_role("heading", name="Review queue")).to_be_visible(timeout=WAIT_MS)
    assert "outcome=any" in page.url
    expect(page.get_by_role("heading", name="Linked payments")).to_be_visible(timeout=WAIT_MS)


@pytest.mark.usefixtures("decided")
def test_cases_are_decided_from_the_keyboard(page: Page, scheme: str, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Today")
    page.get_by_role("link", name="Largest first").click()
    expect(page.get_by_role("heading", name="Linked payments")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"queue-{scheme}")
    event = page.get_by_label("Case", exact=True).locator("dd").last
    first = event.inner_text()
    page.keyboard.press("n")
    expect(event).not_to_have_text(first, timeout=WAIT_MS)
    page.keyboard.press("p")
    expect(event).to_have_text(first, timeout=WAIT_MS)
    note = page.get_by_role("textbox", name="Note")
    note.fill(f"Paid with {CARD}")
    page.get_by_role("button", name="Fraud").click()
    expect(page.get_by_text("it holds what may be a card number", exact=False)).to_be_visible(timeout=WAIT_MS)
    note.fill("Confirmed by phone: not his payment.")
    page.get_by_role("button", name="Fraud").click()
    expect(page.get_by_text("1 labeled this session", exact=False)).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("now include it", exact=False)).to_be_visible()
    keep_screenshot(page, f"queue-decided-{scheme}")
    page.keyboard.press("u")
    expect(page.get_by_text("Confirmed by phone: not his payment.", exact=False)).to_be_visible(timeout=WAIT_MS)
    page.keyboard.press("l")
    expect(page.get_by_text("no longer count it as fraud", exact=False)).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("1 labeled this session: 1 legitimate", exact=False)).to_be_visible()


@pytest.mark.usefixtures("decided")
@pytest.mark.parametrize("scheme", ["light"], indirect=True)
def test_letters_in_a_note_are_no_keys(page: Page, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Today")
    page.get_by_role("link", name="Largest first").click()
    note = page.get_by_role("textbox", name="Note")
    expect(note).to_be_visible(timeout=WAIT_MS)
    note.press_sequentially("full of n, p, l and f")
    page.wait_for_timeout(1000)
    expect(note).to_have_value("full of n, p, l and f")
    expect(page.get_by_text("No labels yet this session", exact=False)).to_be_visible()
