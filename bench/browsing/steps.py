"""Steps of an analyst on each page, in order. A page without steps is only opened."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from playwright.sync_api import FilePayload, Locator, Page

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


def _key(key: str) -> Callable[[Page], None]:
    return lambda page: page.keyboard.press(key)


def _type_amount(page: Page) -> None:
    field = page.get_by_role("spinbutton", name=re.compile("^Amount")).first
    field.fill("4000")
    field.press("Enter")


def _choose_file(page: Page) -> None:
    file: FilePayload = {"name": "payments.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
    page.locator("input[type=file]").set_input_files([file])


def _move_slider(page: Page) -> None:
    page.get_by_role("slider").first.press("ArrowLeft")


def _decision(page: Page) -> Locator:
    return page.get_by_role("region", name="Decision", exact=True)


def _case(page: Page) -> Locator:
    return page.get_by_label("Case", exact=True).locator("dd").last


def _text(said: str) -> Callable[[Page], Locator]:
    return lambda page: page.get_by_text(said, exact=False).filter(visible=True).first


def _matrix(page: Page) -> Locator:
    return page.get_by_role("table", name=re.compile("^Confusion matrix")).first


def _time_of_day(page: Page) -> None:
    page.get_by_role("radio", name="Time of day").or_(page.get_by_role("button", name="Time of day")).first.click()


# By the name of the page, as the navigation has it.
STEPS: Mapping[str, Sequence[Step]] = {
    "Review queue": (
        Step("next case", _key("n"), _case, changes=True),
        Step("the case before", _key("p"), _case, changes=True),
        Step("decide that it is fraud", _press("Fraud"), _text("1 labeled this session")),
    ),
    "Score": (
        Step("what if the amount were another", _type_amount, _decision, changes=True),
        Step(
            "what if over the hours",
            _time_of_day,
            lambda page: page.get_by_label(re.compile("^Score by time of day")),
        ),
        Step("score and save", _press("Score and save"), _text("Saved decision")),
    ),
    "Batch": (Step("check a file", _choose_file, lambda page: page.get_by_text(re.compile("missing")).first),),
    "Performance": (Step("move the threshold", _move_slider, _matrix, changes=True),),
    "Settings and help": (
        Step(
            "turn to the words", lambda page: page.get_by_role("tab", name="Glossary").click(), _text("money at risk")
        ),
    ),
}
