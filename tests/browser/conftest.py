"""Chromium, and a dashboard for it to open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from bench.browsing.chromium import Errors, NoChromiumError, Scheme, open_page, running_chromium
from localstack.dashboard import running_dashboard
from localstack.emulator import find_free_port
from localstack.running import RunningStack
from localstack.smoke import drop_file

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / ".build" / "screenshots"


@pytest.fixture(scope="session")
def dashboard_url(tollgate: RunningStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard to test, started here before the running stack."""
    drop_file(tollgate, tollgate.new_payments)
    log = tmp_path_factory.mktemp("dashboard") / "dashboard.log"
    with running_dashboard(tollgate.deployment.api_url, find_free_port(), log) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Playwright's event loop runs as long as it is open, so it is not kept for others."""
    try:
        with running_chromium() as started:
            yield started
    except NoChromiumError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["light", pytest.param("dark", marks=pytest.mark.slow)])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    """The reader's color scheme. What dark changes is colors, which `test_accessibility` looks at in both."""
    chosen: Scheme = request.param
    return chosen


@pytest.fixture
def page(browser: Browser, scheme: Scheme) -> Iterator[Page]:
    """A page of 1280 × 720; the test fails if anything went wrong in its console."""
    errors = Errors()
    with open_page(browser, scheme, errors) as opened:
        yield opened
    assert not errors.said, f"errors in the browser's console: {errors.said}"
