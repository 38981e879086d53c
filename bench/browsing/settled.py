"""Wait until a Streamlit page has settled: nothing runs, and no placeholder is left."""

from __future__ import annotations

import time

from playwright.sync_api import Locator, Page

# Elements that are left of the run before are faded until the next run has replaced or removed them.
_IS_SETTLED = """
() => document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]') !== null
   && document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"], [data-stale="true"]') === null
   && document.querySelector('[data-testid="stMain"] h1') !== null
"""


def wait_until_settled(page: Page, timeout_ms: float = 120_000) -> None:
    """Wait until the page shows what it has to show: its heading at least."""
    page.wait_for_function(_IS_SETTLED, timeout=timeout_ms)


def read(element: Locator) -> str:
    """Return what an element says, or what is in it where it is a field."""
    said: str = element.evaluate("element => element.value ?? element.innerText")
    return said


def wait_until_changed(element: Locator, before: str, timeout_s: float = 120.0) -> None:
    """Wait until an element says something else than before; raise `TimeoutError` when it does not."""
    deadline = time.monotonic() + timeout_s
    while read(element) == before:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{element} still says {before!r} after {timeout_s:.0f} s.")
        time.sleep(0.01)
