"""Headless Chromium whose pages record console and network errors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTH, HEIGHT = 1280, 720
_QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
_QUIET += ["--disable-component-update", "--disable-sync"]


class NoChromiumError(Exception):
    """There is no Chromium on the PATH."""


# Opened at /batch, Streamlit asks there first whether it is served from that path: it learns by the 404 that it is not.
_EXPECTED = ("/_stcore/health", "/_stcore/host-config")


@dataclass
class Errors:
    """What went wrong in a page's console."""

    said: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Note errors of a page from now on."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.location["url"].endswith(_EXPECTED):
            self.said.append(message.text)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Chromium, as the PATH has it. Playwright's event loop runs as long as it is open."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise NoChromiumError("needs Chromium: no chromium, chromium-browser or google-chrome on the PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, headless=True, args=_QUIET)
        yield started
        started.close()


@contextmanager
def open_page(browser: Browser, scheme: Scheme, errors: Errors) -> Iterator[Page]:
    """A page of 1280 × 720 with nothing kept from others."""
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme, locale="en-US", timezone_id="UTC"
    )
    page = context.new_page()
    errors.listen(page)
    yield page
    context.close()
