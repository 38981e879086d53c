"""The clock shows the time of day, and what it is set to while it is set."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
from tollgate import clock as functions_clock

from app import clock as app_clock

CLOCKS = pytest.mark.parametrize("clock", [functions_clock, app_clock])


@CLOCKS
def test_shows_the_time_of_day(clock: ModuleType) -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.now().tzinfo is UTC


@CLOCKS
def test_shows_what_it_is_set_to_and_runs_on(clock: ModuleType) -> None:
    leap_day = datetime(2028, 2, 29, 23, 59, tzinfo=UTC)
    with clock.set_to(leap_day):
        first = clock.now()
        time.sleep(0.01)
        assert leap_day <= first < clock.now() < leap_day + timedelta(seconds=5)
        assert clock.today() == leap_day.date()

    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
