"""Times in the reader's zone: how they are written, where a day begins, and that every page follows the switch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from streamlit.testing.v1 import AppTest

from app.api.detector import read_detector
from app.ui import times
from app.views.queue.charts import mark_payment
from app.views.score.what_if_axes import Axis, axes_of
from tests.app import contract_index, contract_rules
from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract
from tests.app.contract_shapes import detector_document, event
from tests.app.past_decisions import NOW, add
from tests.app.test_queue_page import case_of

NEW_YORK, KOLKATA, BERLIN = "America/New_York", "Asia/Kolkata", "Europe/Berlin"
PAGES = ("today", "queue", "score", "batch", "performance", "why", "rules", "help")
SWITCH = "times.utc.switch"


@contextmanager
def in_zone(name: str) -> Iterator[None]:
    with times.set_to(ZoneInfo(name)):
        yield


@pytest.mark.parametrize(
    ("zone", "text", "said"),
    [
        (NEW_YORK, "2026-01-05T13:24:11Z", "Jan 5, 2026, 08:24 EST"),
        (NEW_YORK, "2026-07-05T03:24:11Z", "Jul 4, 2026, 23:24 EDT"),
        (KOLKATA, "2026-01-05T20:24:11Z", "Jan 6, 2026, 01:54 IST"),
        (BERLIN, "2026-03-29T00:59:59Z", "Mar 29, 2026, 01:59 CET"),
        (BERLIN, "2026-03-29T01:00:00Z", "Mar 29, 2026, 03:00 CEST"),
        (BERLIN, "2026-10-25T00:30:00Z", "Oct 25, 2026, 02:30 CEST"),
        (BERLIN, "2026-10-25T01:30:00Z", "Oct 25, 2026, 02:30 CET"),
        (BERLIN, "2026-01-05T13:24:11-05:00", "Jan 5, 2026, 19:24 CET"),
        (BERLIN, "2026-01-05T13:24:11", "Jan 5, 2026, 14:24 CET"),
        ("America/Sao_Paulo", "2026-01-05T13:24:11Z", "Jan 5, 2026, 10:24 UTC−3"),
        ("Asia/Kathmandu", "2026-01-05T13:24:11Z", "Jan 5, 2026, 19:09 UTC+5:45"),
        (NEW_YORK, "0001-01-01T00:00:00Z", "Jan 1, 1, 00:00 UTC"),
        (NEW_YORK, "1767619451", "1767619451"),
        (NEW_YORK, None, "–"),
    ],
)
def test_moments_are_in_the_reader_s_zone(zone: str, text: str | None, said: str) -> None:
    with in_zone(zone):
        assert times.moment(text) == said


def test_without_a_browser_s_zone_times_are_in_utc() -> None:
    assert times.moment("2026-01-05T15:24:11+02:00") == "Jan 5, 2026, 13:24 UTC"
    assert times.moment("2026-01-05T13:24:11Z", time=False) == "Jan 5, 2026"
    assert times.utc_midnight() == "midnight UTC"
    assert times.hours_of(date(2026, 11, 26))[::6] == ["00:00", "06:00", "12:00", "18:00", "00:00"]


def test_days_of_the_api_begin_at_the_reader_s_time() -> None:
    with in_zone(NEW_YORK):
        assert times.utc_midnight() == "midnight UTC (19:00 EST)"
        assert times.hours_of(date(2026, 11, 26))[:2] == ["19:00", "20:00"]
        assert times.hours_of(date(2026, 3, 8))[6:9] == ["01:00", "03:00", "04:00"]
    with in_zone(KOLKATA):
        assert times.utc_midnight() == "midnight UTC (05:30 IST)"
        assert times.hours_of(date(2026, 11, 26))[0] == "05:30"


@pytest.mark.parametrize(
    ("zone", "day", "sent"),
    [
        (NEW_YORK, date(2026, 3, 8), "2026-03-08T05:00:00Z"),
        (NEW_YORK, date(2026, 3, 9), "2026-03-09T04:00:00Z"),
        (KOLKATA, date(2026, 3, 9), "2026-03-08T18:30:00Z"),
        (BERLIN, date(2026, 3, 30), "2026-03-29T22:00:00Z"),
    ],
)
def test_a_day_that_is_chosen_is_sent_in_utc_and_read_back(zone: str, day: date, sent: str) -> None:
    with in_zone(zone):
        assert times.midnight_of(day) == sent
        assert times.day_of(sent) == day


def test_a_chart_s_axis_has_the_reader_s_time() -> None:
    with in_zone(NEW_YORK):
        assert times.on_axis("2026-11-26T02:20:00Z") == "2026-11-25T21:20:00Z"
        column = times.column("Uploaded")
    assert (column["label"], column["type_config"]["timezone"]) == ("Uploaded (New York)", NEW_YORK)
    with in_zone("Asia/Calcutta"):
        assert times.zone_name() == "Kolkata"


def hours_of_day(at: datetime) -> Axis:
    sent = event(1.0, timestamp=f"{at:%Y-%m-%dT%H:%M:%SZ}")
    (axis,) = (axis for axis in axes_of(read_detector(detector_document()), sent) if axis.scale == "linear")
    return axis


@pytest.mark.parametrize(
    ("at", "steps"),
    [
        (datetime(2026, 3, 29, 10, 30, tzinfo=UTC), 46),
        (datetime(2026, 6, 14, 10, 30, tzinfo=UTC), 48),
        (datetime(2026, 10, 25, 10, 30, tzinfo=UTC), 50),
    ],
)
def test_the_hours_to_try_are_those_of_the_reader_s_day(at: datetime, steps: int) -> None:
    with in_zone(BERLIN):
        axis = hours_of_day(at)
    labels = [point.label for point in axis.points]
    assert axis.axis_title == "Time of day (Berlin)"
    assert (len(labels), len(set(labels))) == (steps, steps)
    assert (labels[0], labels[-1]) == ("00:00", "23:30")
    assert ("02:30" in labels) is (steps == 48)
    assert ("02:30 CEST" in labels) is (steps == 50)
    assert axis.points[0].changes["timestamp"] == f"{at - timedelta(hours=axis.here or 0):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture
def filled(contract: Contract) -> Contract:
    contract.detector |= contract_rules.detector_rules()
    for back in range(1, 31):
        add(contract, f"fine{back}", 10.0, NOW - timedelta(back))
        add(contract, f"look{back}", 900.0 + back, NOW - timedelta(back))
    add(contract, "p1", 920.0, NOW, label="fraud")
    return contract


def times_in(page: AppTest) -> list[str]:
    return re.findall(r"\w{3} \d+, \d{4}(?:, \d\d:\d\d(?: \w+)?)?|\d\d:\d\d:?\d* E[SD]T", texts(page))


def open_in(open_page: OpenPage, name: str, zone: str, **query: str) -> AppTest:
    page = open_page(name)
    for key, value in query.items():
        page.query_params[key] = value
    page.context = {"timezone": zone}
    return page.run()


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("name", PAGES)
def test_every_page_has_utc_one_click_away(open_page: OpenPage, name: str) -> None:
    page = open_in(open_page, name, NEW_YORK)
    assert not page.exception
    switch = page.segmented_control(key=SWITCH)
    assert (switch.options, switch.value) == (["New York", "UTC"], "New York")
    local = times_in(page)
    assert local
    assert not [one for one in local if "UTC" in one]
    switch.set_value("UTC").run()
    assert not page.exception
    assert not [one for one in times_in(page) if "EST" in one or "EDT" in one]
    assert page.segmented_control(key=SWITCH).value == "UTC"
    page.segmented_control(key=SWITCH).set_value("New York").run()
    assert times_in(page) == local


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT", "Mars/Olympus", "../../etc/passwd", ""])
def test_a_zone_that_is_utc_or_unknown_has_no_switch(open_page: OpenPage, zone: str) -> None:
    page = open_in(open_page, "today", zone)
    assert not page.exception
    assert not [one for one in page.segmented_control if one.key == SWITCH]
    assert "Data through Nov 26, 2026, 14:20 UTC" in texts(page)


@pytest.mark.usefixtures("filled")
def test_a_case_and_its_list_show_the_reader_s_time(open_page: OpenPage) -> None:
    page = open_in(open_page, "queue", NEW_YORK, event="p1")
    assert ">Nov 26, 2026, 09:20 EST<" in case_of(page)
    assert "known since Nov 26, 2026, 09:20 EST" in case_of(page)


def test_what_is_asked_keeps_utc(filled: Contract, open_page: OpenPage) -> None:
    for name in PAGES:
        open_in(open_page, name, NEW_YORK)
    assert {question["event"]["timestamp"] for question in filled.questions} == {"2026-06-14T21:07:45Z"}
    assert {"America", "-05:00"} & {word for request in filled.requests for word in request.split()} == set()


def test_marks_of_charts_are_placed_and_told_in_the_reader_s_zone(filled: Contract) -> None:
    found = contract_index.found(filled.decisions["p1"])
    with in_zone(KOLKATA):
        mark = mark_payment(found, "other", read_detector(filled.detector))
    assert (mark.at, mark.when) == ("2026-11-26T19:50:00Z", "Nov 26, 2026, 19:50 IST")
