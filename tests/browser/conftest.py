"""Chromium, and a dashboard for it to open."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, sync_playwright

from localstack.running import RunningStack
from localstack.smoke import drop_file

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / ".build" / "screenshots"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
START_LIMIT_S = 60


@pytest.fixture(scope="session")
def dashboard_url(tollgate: RunningStack) -> Iterator[str]:
    """The dashboard to test, started here before the running stack."""
    drop_file(tollgate, tollgate.new_payments)
    url, process = start_dashboard(tollgate.deployment.api_url)
    try:
        yield url
    finally:
        process.terminate()
        process.wait(10)


def start_dashboard(api_url: str) -> tuple[str, subprocess.Popen[bytes]]:
    """Start the dashboard on a free port of this machine and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/streamlit_app.py", "--server.headless=true"]
    command += ["--server.address=127.0.0.1", f"--server.port={port}", "--server.fileWatcherType=none"]
    environment = {**os.environ, "TOLLGATE_API_URL": api_url}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if requests.get(f"{url}/_stcore/health", timeout=1).ok:
                return url, process
        except requests.RequestException:
            time.sleep(0.2)
    process.kill()
    process.wait(10)
    raise RuntimeError("The dashboard did not start: run `streamlit run app/streamlit_app.py` to see why.")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Playwright's event loop runs as long as it is open, so it is not kept for others."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium: no chromium, chromium-browser or google-chrome on the PATH")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, headless=True, args=QUIET)
        yield started
        started.close()


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    """The reader's colour scheme."""
    return str(request.param)


@pytest.fixture
def page(browser: Browser, scheme: str) -> Iterator[Page]:
    """A page of 1280 × 720; the test fails if anything went wrong in its console."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 720},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-US",
        timezone_id="UTC",
    )
    opened = context.new_page()
    errors: list[str] = []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors, f"errors in the browser's console: {errors}"
