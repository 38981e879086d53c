"""Log-in by Streamlit's own means, through a provider on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from localstack.dashboard import running_dashboard
from localstack.emulator import find_free_port
from tests.app.contract_server import Contract, serve_contract
from tests.browser.identity_provider import CLIENT_ID, CLIENT_SECRET, EMAIL, NAME, serve_provider
from tests.browser.test_pages import WAIT_MS, keep_screenshot, turn_to

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def contract() -> Iterator[Contract]:
    with serve_contract() as running:
        yield running


@pytest.fixture(scope="module")
def guarded_url(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard that asks for a log-in."""
    folder, port = tmp_path_factory.mktemp("guarded"), find_free_port()
    with serve_provider() as provider:
        secrets = folder / "secrets.toml"
        secrets.write_text(
            f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "{"x" * 40}"\n'
            f'client_id = "{CLIENT_ID}"\nclient_secret = "{CLIENT_SECRET}"\n'
            f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
        )
        options = [f"--secrets.files={secrets}"]
        with running_dashboard(contract.url, port, Path(folder, "dashboard.log"), options) as url:
            yield url


def test_nobody_sees_a_page_before_logging_in_and_after_logging_out(
    page: Page, scheme: str, guarded_url: str, contract: Contract
) -> None:
    page.set_default_timeout(WAIT_MS)
    contract.requests.clear()
    page.goto(guarded_url)
    log_in = page.get_by_role("button", name="Log in")
    expect(log_in).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(0)
    assert contract.requests == [], "nothing is asked of the API before"
    keep_screenshot(page, f"log-in-{scheme}")
    log_in.click()
    reader = page.get_by_role("button", name=NAME)
    expect(reader).to_be_visible(timeout=WAIT_MS)
    turn_to(page, "Rules")
    expect(page.get_by_role("heading", name="Rules", exact=True)).to_be_visible(timeout=WAIT_MS)
    reader.click()
    expect(page.get_by_text(EMAIL)).to_be_visible()
    keep_screenshot(page, f"logged-in-{scheme}")
    page.get_by_role("button", name="Log out").click()
    expect(log_in).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(0)
