"""Benchmark of the dashboard in a browser, with a million decisions: page loads and responses to clicks.

Everything is real: the emulator with the deployed template and functions, Streamlit, and Chromium. A page counts as
loaded when its heading is visible, nothing is running and no placeholder is left; a step counts as done when its
result is visible too. The first page is opened with an empty cache, and its slowest run counts; for all other steps,
the median counts. For comparison, a Streamlit page with nothing but a heading is opened in turn: no page can load
faster. Serious and critical findings of axe-core are counted on every page, in light and dark mode. The emulator adds
about 60 ms to each request.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
from playwright.sync_api import Browser, Page

from bench._figures import add_count, make_parser, write_figures
from bench.browsing.accessibility import find_violations
from bench.browsing.chromium import SCHEMES, Errors, open_page, running_chromium
from bench.browsing.filled_index import fill_index
from bench.browsing.navigation import page_names, turn_to
from bench.browsing.settled import read, wait_until_changed, wait_until_settled
from bench.browsing.steps import STEPS, Step
from localstack.dashboard import running_dashboard
from localstack.deployment import connection
from localstack.emulator import find_free_port
from localstack.running import RunningStack, running_stack

PAST_ROWS, NEW_ROWS, DAYS = 16_000, 1_000, 30
# It asks the API for little, and for nothing that the first page shows.
WARM_UP = "batch"


@dataclass
class Seen:
    """What was measured, in seconds by what was done, and what was wrong."""

    first_s: list[float] = field(default_factory=list)
    empty_s: list[float] = field(default_factory=list)
    took_s: dict[str, list[float]] = field(default_factory=dict)
    errors: Errors = field(default_factory=Errors)
    violations: list[str] = field(default_factory=list)

    def worst(self) -> tuple[str, float]:
        """Return what took longest, and how long."""
        return max(((title, statistics.median(took)) for title, took in self.took_s.items()), key=lambda one: one[1])


def first_shown(page: Page, url: str) -> float:
    """Open an address; return how many seconds it took until all was shown."""
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    wait_until_settled(page)
    return time.perf_counter() - began


def visit(browser: Browser, url: str, seen: Seen) -> None:
    """Open the dashboard as a new visitor, turn to each page and do its steps."""
    with open_page(browser, "light", seen.errors) as page:
        seen.first_s.append(first_shown(page, url))
        first, *others = page_names(page)
        for name in (*others, first):
            for title, took_s in walk(page, name):
                seen.took_s.setdefault(f"{name}: {title}", []).append(took_s)


def visit_empty(browser: Browser, folder: Path, seen: Seen) -> None:
    """Open a page of Streamlit that has nothing but a heading, the second time that somebody does."""
    script = folder / "empty.py"
    script.write_text("import streamlit\n\nstreamlit.title('Empty')\n", "utf-8")
    with running_dashboard("", find_free_port(), folder / "empty.log", script=script) as url:
        for _ in range(2):
            with open_page(browser, "light", seen.errors) as page:
                took_s = first_shown(page, url)
    seen.empty_s.append(took_s)


def walk(page: Page, name: str) -> Iterator[tuple[str, float]]:
    """Turn to a page and do its steps; yield what was done, and how many seconds it took."""
    began = time.perf_counter()
    turn_to(page, name)
    yield "turn to it", time.perf_counter() - began
    for step in STEPS.get(name, ()):
        yield step.title, do(page, step)


def do(page: Page, step: Step) -> float:
    """Do a step; return how many seconds it took until all was shown."""
    before = read(step.shows(page)) if step.changes else ""
    began = time.perf_counter()
    step.act(page)
    if step.changes:
        wait_until_changed(step.shows(page), before)
    else:
        step.shows(page).wait_for()
    wait_until_settled(page)
    return time.perf_counter() - began


def look_for_violations(browser: Browser, url: str, seen: Seen) -> None:
    """Look at every page in light and dark."""
    for scheme in SCHEMES:
        with open_page(browser, scheme, seen.errors) as page:
            page.goto(url)
            wait_until_settled(page)
            for name in page_names(page):
                turn_to(page, name)
                seen.violations += [f"{name}, {scheme}: {violation}" for violation in find_violations(page)]


def measure(stack: RunningStack, asked: argparse.Namespace, folder: Path) -> Seen:
    s3 = boto3.client("s3", **connection(stack.emulator.endpoint_url))
    began = time.perf_counter()
    filled = fill_index(s3, stack.deployment.bucket, stack.version, asked.rows, DAYS)
    took_s = time.perf_counter() - began
    print(f"{filled + stack.past_decisions:,} decisions over {DAYS} days, indexed in {took_s:.0f} s\n", flush=True)
    seen = Seen()
    with running_chromium() as browser:
        for _ in range(asked.runs):
            # Each visitor finds Streamlit anew: what it keeps of answers would hide how long they take.
            with running_dashboard(stack.deployment.api_url, find_free_port(), folder / "dashboard.log") as url:
                _warm_up(browser, url)
                visit(browser, url, seen)
            visit_empty(browser, folder, seen)
        with running_dashboard(stack.deployment.api_url, find_free_port(), folder / "dashboard.log") as url:
            look_for_violations(browser, url, seen)
    return seen


def _warm_up(browser: Browser, url: str) -> None:
    """Let Streamlit load its modules, as it has on any day but the first."""
    with open_page(browser, "light", Errors()) as page:
        page.goto(f"{url}/{WARM_UP}")
        wait_until_settled(page)


def main() -> None:
    parser = make_parser(__doc__)
    add_count(parser, "--rows", 1_000_000, "decisions in the index")
    add_count(parser, "--runs", 3, "times to walk through the dashboard")
    asked = parser.parse_args()

    def progress(step: str) -> None:
        print(f"{step} …", file=sys.stderr, flush=True)

    with (
        tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder,
        running_stack(Path(folder), PAST_ROWS, NEW_ROWS, 0, progress) as stack,
    ):
        seen = measure(stack, asked, Path(folder))
    report(seen, asked.json)


def report(seen: Seen, into: Path | None) -> None:
    """Print what was measured, and write the figures."""
    print(f"  {'seconds':60}{'median':>8}{'worst':>8}")
    shown = {"first page": seen.first_s, "an empty Streamlit page": seen.empty_s, **seen.took_s}
    for title, took in shown.items():
        print(f"  {title:60}{statistics.median(took):>8.2f}{max(took):>8.2f}")
    for problem in (*seen.errors.said, *dict.fromkeys(seen.violations)):
        print(f"  {problem}")
    title, worst_s = seen.worst()
    print(f"\nSlowest step: {title}")
    figures = {
        "first_page_s": max(seen.first_s),
        "empty_page_s": statistics.median(seen.empty_s),
        "worst_interaction_s": worst_s,
        "console_errors": float(len(seen.errors.said)),
        "axe_serious": float(len(seen.violations)),
    }
    write_figures(into, figures)


if __name__ == "__main__":
    main()
