"""What an analyst does on each page, in the order in which it is done. A page without steps is only turned to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from playwright.sync_api import FilePayload, Locator, Page

OUTCOMES = re.compile("^(Approve|Review|Block)$")
FILE = "event_id,timestamp,amount,customer_id\np1,2026-11-26T10:00:00Z,12.5,c000001\n"


@dataclass(frozen=True)
class Step:
    """Something to do, and what shows that it is done: an element that appears, or whose text changes."""

    title: str
    act: Callable[[Page], None]
    shows: Callable[[Page], Locator]
    changes: bool = False


def _press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name).first.click()


def _decision(page: Page) -> Locator:
    return page.get_by_label("Decision").get_by_text(OUTCOMES).first


def _send_form(page: Page) -> None:
    page.get_by_test_id("stFormSubmitButton").first.click()


def _choose_example(page: Page) -> None:
    page.get_by_role("combobox").first.click()
    page.get_by_role("option").nth(1).click()


def _choose_file(page: Page) -> None:
    file: FilePayload = {"name": "payments.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    page.locator("input[type=file]").set_input_files([file])


def _move_slider(page: Page) -> None:
    page.get_by_role("slider").first.press("ArrowLeft")


def _matrix(page: Page) -> Locator:
    return page.get_by_label(re.compile("^Confusion matrix")).first


# By the name of the page, as the navigation has it.
STEPS: Mapping[str, Sequence[Step]] = {
    "Score": (
        Step("score an example", _send_form, _decision),
        Step(
            "send it again",
            _press("Send the same event again"),
            lambda page: page.get_by_text("was decided before").first,
        ),
        Step(
            "choose another example", _choose_example, lambda page: page.locator("input[type=text]").first, changes=True
        ),
    ),
    "Batch": (Step("check a file", _choose_file, lambda page: page.get_by_text(re.compile("missing")).first),),
    "Performance": (Step("move the threshold", _move_slider, _matrix, changes=True),),
}
