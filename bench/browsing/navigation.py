"""Navigation of the dashboard: the names of its pages, and opening one of them."""

from __future__ import annotations

from playwright.sync_api import Page

from bench.browsing.settled import read, wait_until_changed, wait_until_settled


def page_names(page: Page) -> list[str]:
    """Return the names of the pages as the navigation has them."""
    return [link.inner_text().splitlines()[-1].strip() for link in page.get_by_test_id("stTopNavLink").all()]


def turn_to(page: Page, name: str) -> None:
    """Choose a page in the navigation, and wait until it is shown. One that is there already is left as it is."""
    link = page.get_by_test_id("stTopNavLink").filter(has_text=name).first
    if link.get_attribute("aria-current") != "page":
        heading = page.locator("h1").first
        before = read(heading)
        link.click()
        wait_until_changed(heading, before)
    wait_until_settled(page)
