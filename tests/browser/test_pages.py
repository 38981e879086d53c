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
    page.get_by_test_id("stFormSubmitButton").first.click()
    decision = page.get_by_label("Decision")
    expect(decision.get_by_text(OUTCOMES).first).to_be_visible(timeout=WAIT_MS)
    expect(decision.get_by_text("of legitimate", exact=False)).to_be_visible()
    keep_screenshot(page, f"score-{scheme}")
    page.get_by_role("button", name="Send the same event again").click()
    expect(page.get_by_text("This event was decided before", exact=False)).to_be_visible(timeout=WAIT_MS)
    turn_to(page, "Batch")
    expect(page.get_by_role("heading", name="Earlier batches")).to_be_visible(timeout=WAIT_MS)
    turn_to(page, "Score")
    expect(page.get_by_text("No decision yet")).to_be_visible(timeout=WAIT_MS)


def test_batch(page: Page, scheme: str, dashboard_url: str, tmp_path: Path) -> None:
    open_page(page, dashboard_url, "Batch")
    expect(page.get_by_role("heading", name="Earlier batches")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"batch-{scheme}", 1250)
    file = tmp_path / "wrong.csv"
    file.write_text(HEADER.replace("amount", "amout"))
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text(re.compile("(is|are) missing")).first).to_be_visible(timeout=WAIT_MS)


def test_a_file_goes_up_and_its_results_come_back(page: Page, tollgate: RunningStack, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Batch")
    expect(page.get_by_role("heading", name="Earlier batches")).to_be_visible(timeout=WAIT_MS)
    page.locator("input[type=file]").set_input_files(tollgate.new_payments)
    page.get_by_role("button", name="Score this file").click()
    expect(page.get_by_text("Download results (CSV)").first).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1,000").first).to_be_visible()


def test_performance(page: Page, scheme: str, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Performance")
    expect(page.get_by_role("heading", name="Where to draw the line")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"performance-{scheme}", 1720)
    before = page.get_by_label(re.compile("^Confusion matrix")).inner_text()
    page.get_by_role("slider").press("ArrowLeft")
    expect(page.get_by_label(re.compile("^Confusion matrix"))).not_to_have_text(before, timeout=WAIT_MS)
