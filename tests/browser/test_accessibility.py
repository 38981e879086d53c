"""Every page, in light and dark: nothing that axe-core calls serious or critical, whichever way it was come to."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from bench.browsing.accessibility import find_violations
from bench.browsing.chromium import SCHEMES
from bench.browsing.navigation import page_names, turn_to
from bench.browsing.settled import wait_until_settled

pytestmark = pytest.mark.browser
SLOW_MS = 60_000


@pytest.mark.parametrize("scheme", SCHEMES, indirect=True)
def test_every_page_can_be_used_by_all(page: Page, dashboard_url: str) -> None:
    page.goto(dashboard_url)
    wait_until_settled(page, SLOW_MS)
    names = page_names(page)
    assert len(names) > 1
    found = []
    for name in names:
        turn_to(page, name)
        found += [f"{name}: {violation}" for violation in find_violations(page)]
    assert found == []


def test_a_field_without_a_name_is_found(page: Page) -> None:
    page.set_content("<html lang='en'><title>t</title><main><h1>h</h1><input type='text'></main></html>")
    (violation,) = find_violations(page)
    assert violation.startswith("label: input")
