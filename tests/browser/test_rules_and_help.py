"""The pages of rules and of help in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.test_pages import WAIT_MS, keep_screenshot, open_page

pytestmark = pytest.mark.browser


def open_part(page: Page, url: str, part: str) -> None:
    open_page(page, url, "Rules")
    expect(page.get_by_role("heading", name="Rules", exact=True)).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("radio", name=part).or_(page.get_by_role("button", name=part, exact=True)).first.click()


def expression(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Expression")


def test_rules_in_use(page: Page, scheme: str, dashboard_url: str) -> None:
    open_part(page, dashboard_url, "Live")
    expect(page.get_by_role("heading", name="watched merchant")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"rules-in-use-{scheme}")


def test_a_rule_is_checked_while_it_is_typed_and_tried_before_it_is_saved(
    page: Page, scheme: str, dashboard_url: str
) -> None:
    open_part(page, dashboard_url, "Draft")
    page.get_by_role("button", name="Add a rule").click()
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value(re.compile("^new rule"), timeout=WAIT_MS)
    # The field of the rule that was shown before is gone.
    expect(expression(page)).to_have_value("amount > 1000", timeout=WAIT_MS)
    expect(page.get_by_text("No errors.").first).to_be_visible(timeout=WAIT_MS)
    expression(page).fill("")
    expression(page).press_sequentially("amout > 300", delay=30)
    # Nothing is clicked and the field is not left.
    expect(page.get_by_text('did you mean "amount"?', exact=False)).to_be_visible(timeout=WAIT_MS)
    expect(expression(page)).to_be_focused()
    keep_screenshot(page, f"rules-typing-{scheme}")
    page.get_by_role("button", name="Line 1, column 1").click()
    page.keyboard.type("amo")
    page.get_by_role("button", name="amount", exact=True).click()
    expect(expression(page)).to_have_value("amount > 300")
    expect(page.get_by_text("No errors.").first).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="Test on past events").click()
    expect(page.get_by_text("Good customers affected")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"rules-tried-{scheme}", 1250)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text(re.compile("^Drafts are not live.* Saved "))).to_be_visible(timeout=WAIT_MS)


def test_a_list_is_changed(page: Page, scheme: str, dashboard_url: str) -> None:
    open_part(page, dashboard_url, "Lists")
    page.get_by_label("Values to add, one per line").fill(f"c-{scheme}-1\nc-{scheme}-2")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("2 added, ", exact=False)).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("textbox", name="Search", exact=True).press_sequentially(f"{scheme}-2", delay=30)
    expect(page.get_by_text("1 to 1 of 1.", exact=False)).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"lists-{scheme}")


def test_help(page: Page, scheme: str, dashboard_url: str) -> None:
    open_page(page, dashboard_url, "Settings and help")
    expect(page.get_by_role("heading", name="Help", exact=True)).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_text("Not signed")).to_be_visible(timeout=WAIT_MS)
    keep_screenshot(page, f"help-{scheme}", 1100)
    page.get_by_role("tab", name="Glossary").click()
    expect(page.get_by_role("cell", name="money at risk")).to_be_visible()
