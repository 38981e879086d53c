"""The style sheet and the addresses in a real browser, before the contract's server: nothing on a page undoes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from bench.browsing.chromium import SCHEMES
from bench.browsing.contrast import MIN_CONTRAST, measure_disabled
from bench.browsing.settled import wait_until_settled
from localstack.dashboard import running_dashboard
from localstack.emulator import find_free_port
from tests.app import contract_shapes as shapes
from tests.app.contract_rules import detector_rules
from tests.app.contract_server import Contract, serve_contract
from tests.browser.test_pages import WAIT_MS, keep_screenshot

pytestmark = pytest.mark.browser
STYLE = "getComputedStyle(document.documentElement).getPropertyValue('--tg-go') !== ''"
BOTH = pytest.mark.parametrize("scheme", SCHEMES, indirect=True)
ONCE = pytest.mark.parametrize("scheme", ["light"], indirect=True)
PAGES = ("", "today", "queue", "score", "batch", "performance", "why", "rules", "help")
PARTS = ("rules?part=next", "rules?part=lists")


@pytest.fixture(scope="module")
def contract() -> Iterator[Contract]:
    with serve_contract() as running:
        running.detector |= detector_rules()
        running.answer("POST", "/v1/decisions", {"event": shapes.event(620.0, event_id="p1")})
        yield running


@pytest.fixture(scope="module")
def url(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("styled") / "dashboard.log"
    with running_dashboard(contract.url, find_free_port(), log) as address:
        yield address


def open_address(page: Page, url: str, address: str) -> None:
    page.goto(f"{url}/{address}")
    wait_until_settled(page, WAIT_MS)


@BOTH
def test_disabled_controls_can_be_read(page: Page, url: str) -> None:
    found: dict[str, float] = {}
    for address in (*PAGES, *PARTS, "score?event=p1"):
        open_address(page, url, address)
        found |= {f"{address}: {one['text']}": one["contrast"] for one in measure_disabled(page)}
    open_address(page, url, "score")
    page.get_by_role("textbox", name="Timestamp").fill("yesterday")
    page.get_by_role("textbox", name="Timestamp").press("Enter")
    decide = page.get_by_role("button", name="Score and save")
    expect(decide).to_be_disabled(timeout=WAIT_MS)
    wait_until_settled(page, WAIT_MS)
    found |= {f"score, faulty: {one['text']}": one["contrast"] for one in measure_disabled(page)}
    assert any("Save draft" in name for name in found)
    assert any("Score and save" in name for name in found)
    assert "score?event=p1: p1" in found
    assert {name: contrast for name, contrast in found.items() if contrast < MIN_CONTRAST} == {}


@ONCE
def test_text_that_cannot_be_seen_is_found(page: Page) -> None:
    page.set_content(
        "<body style='background:#fff'><button disabled><p style='color:#fff'>a</p></button>"
        "<div style='opacity:.2'><input disabled value='b' style='color:#000'></div>"
    )
    assert [one["contrast"] < MIN_CONTRAST for one in measure_disabled(page)] == [True, True]


@BOTH
def test_the_style_stays_after_a_toast(page: Page, scheme: str, url: str) -> None:
    open_address(page, url, "rules?part=next")
    before = page.locator("h1").bounding_box()
    for _ in range(2):
        page.get_by_role("button", name="Add a rule").click()
        expect(page.get_by_role("textbox", name="Name", exact=True)).to_be_visible(timeout=WAIT_MS)
        save = page.get_by_role("button", name="Save draft")
        expect(save).to_be_enabled(timeout=WAIT_MS)
        save.click()
        expect(page.get_by_test_id("stToast").first).to_be_visible(timeout=WAIT_MS)
        wait_until_settled(page, WAIT_MS)
        assert page.evaluate(STYLE)
        assert page.locator("h1").bounding_box() == before
    keep_screenshot(page, f"rules-saved-{scheme}")
    assert page.evaluate(STYLE)


@ONCE
def test_every_page_has_an_address_of_its_own(page: Page, url: str) -> None:
    for address in (*PAGES, *PARTS):
        open_address(page, url, address)
        expect(page.get_by_text("Page not found")).to_have_count(0)
        expect(page.locator('[data-testid="stTopNavLink"][aria-current="page"]')).to_have_count(1)
        assert page.evaluate(STYLE), address
        assert page.locator("[data-testid='stMain'] h1").bounding_box()["y"] < 100, address  # type: ignore[index]
    open_address(page, url, "today")
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    assert page.get_by_test_id("stTopNavLink").count() == 8


@ONCE
def test_charts_offer_their_data_and_a_picture_but_no_specification(page: Page, url: str) -> None:
    open_address(page, url, "queue?event=p1")
    expect(page.get_by_role("button", name="Download as PNG").first).to_be_attached(timeout=WAIT_MS)
    page.locator('[data-testid="stVegaLiteChart"]').first.hover()
    expect(page.get_by_role("button", name="Download as PNG").first).to_be_visible(timeout=WAIT_MS)
    expect(page.locator('button[aria-label^="Copy Vega-Lite spec"]').first).to_be_hidden()
