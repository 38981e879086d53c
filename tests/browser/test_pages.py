"""Every page in a real browser: it shows, it works, nothing goes wrong in the console; screenshots are left behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from localstack.running import RunningStack
from tests.browser.conftest import SCREENSHOTS

pytestmark = pytest.mark.browser
WAIT_MS = 30_000
OUTCOMES = re.compile("^(Approve|Review|Block)$")
HEADER = "event_id,timestamp,amount,customer_id\n"


def open_page(page: Page, url: str, name: str) -> None:
    page.set_default_timeout(WAIT_MS)
    page.goto(url)
    turn_to(page, name)


def turn_to(page: Page, name: str) -> None:
    page.get_by_test_id("stTopNavLink").filter(has_text=name).click()


def keep_screenshot(page: Page, name: str, height: int = 720) -> None:
    """Leave a picture of the settled page; charts draw a moment after their data came."""
    page.set_viewport_size({"width": 1280, "height": height})
    page.mouse.move(0, 0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=WAIT_MS)
    page.wait_for_timeout(1500)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def test_score(page: Page, scheme: str, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Score")
    decision = page.get_by_role("region", name="Decision", exact=True)
    expect(decision.get_by_text("not saved", exact=False)).to_be_visible(timeout=WAIT_MS)
    expect(decision.get_by_text(OUTCOMES).first).to_be_visible()
    expect(decision.get_by_text("of legitimate", exact=False)).to_be_visible()
    expect(page.get_by_label(re.compile("^Score by amount"))).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"score-{scheme}")
    before = decision.inner_text()
    page.get_by_role("spinbutton", name="Amount (USD)").fill("4000")
    page.get_by_role("spinbutton", name="Amount (USD)").press("Enter")
    expect(decision).not_to_have_text(before, timeout=WAIT_MS)
    page.get_by_role("radio", name="Time of day").or_(page.get_by_role("button", name="Time of day")).first.click()
    expect(page.get_by_label(re.compile("^Score by time of day"))).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"score-hours-{scheme}", 900)


def test_a_payment_is_decided_and_opened_again(page: Page, scheme: str, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Score")
    page.get_by_role("button", name="Score and save").click()
    decision = page.get_by_role("region", name="Decision", exact=True)
    expect(decision.get_by_text("Saved decision", exact=False)).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_label("Reasons in words")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"score-why-{scheme}", 1200)
    event_id = page.get_by_role("textbox", name="Or open a past decision by event ID").input_value()
    page.get_by_role("tab", name="Profile at decision time").click()
    expect(page.get_by_label("Profiles with a half-life of 30 days")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"score-known-{scheme}", 900)
    turn_to(page, "Batch")
    expect(page.get_by_role("heading", name="Earlier batches")).to_be_visible(timeout=WAIT_MS)
    turn_to(page, "Score")
    expect(decision.get_by_text("not saved", exact=False)).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("textbox", name="Or open a past decision by event ID").fill(event_id)
    page.get_by_role("textbox", name="Or open a past decision by event ID").press("Enter")
    expect(decision.get_by_text("Saved decision", exact=False)).to_be_visible(timeout=WAIT_MS)


def test_batch(page: Page, scheme: str, dashboard_url: str, tmp_path: Path) -> None:
    open_page(page, dashboard_url, "Batch")
    expect(page.get_by_role("heading", name="Earlier batches")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"batch-{scheme}", 1250)
    file = tmp_path / "wrong.csv"
    file.write_text(HEADER.replace("amount", "amout") + "1,2026-01-01T00:00:00Z,2,c\n")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text(re.compile("(is|are) missing")).first).to_be_visible(timeout=WAIT_MS)


def test_a_file_goes_up_and_its_results_come_back(page: Page, tollgate: RunningStack, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Batch")
    expect(page.get_by_role("heading", name="Earlier batches")).to_be_visible(timeout=WAIT_MS)
    page.locator("input[type=file]").set_input_files(tollgate.new_payments)
    page.get_by_role("button", name="Score this file").click()
    expect(page.get_by_text("Download results (CSV)").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1,000").first).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^Highest risk"))).to_be_visible()
    expect(page.get_by_role("heading", name="Inbox (0)")).to_be_visible(timeout=WAIT_MS)


def test_performance(page: Page, scheme: str, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Performance")
    matrix = page.get_by_role("table", name=re.compile("^Confusion matrix"))
    expect(matrix).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"performance-{scheme}", 1720)
    before = matrix.inner_text()
    page.get_by_role("slider").first.press("ArrowLeft")
    expect(matrix).not_to_have_text(before, timeout=WAIT_MS)
    expect(page).to_have_url(re.compile("threshold=895-975"))
    on_test_data = matrix.inner_text()
    page.get_by_text("Live, labeled").click()
    expect(matrix).not_to_have_text(on_test_data, timeout=WAIT_MS)
    keep_screenshot(page, f"performance-live-{scheme}")


def test_why(page: Page, scheme: str, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Model insights")
    expect(page.get_by_role("heading", name="Effect of a feature's values")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"why-{scheme}", 1900)
    page.get_by_role("button", name="Show", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("It has no stored decision.", exact=False)).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"why-payment-{scheme}")
