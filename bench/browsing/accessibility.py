"""Accessibility check with axe-core: what hinders people with a keyboard, a screen reader or low vision."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_GRAVE = ("serious", "critical")


def find_violations(page: Page) -> list[str]:
    """Return the serious and critical violations of a page: the rule, and the element that breaks it."""
    found = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node.get('failureSummary', '').splitlines()[1:]}"
        for violation in found
        if violation["impact"] in _GRAVE
        for node in violation["nodes"]
    ]
