"""Counts that were declared in another unit, or from another start, than they have."""

from __future__ import annotations

import pytest
from tollgate.core.times.outliers import find_odd_span
from tollgate.core.times.time_format import TimeFormat


def told(form: TimeFormat, first: float, last: float) -> list[str]:
    return list(find_odd_span(form, form.read(first), form.read(last)))


def test_days_since_1970_are_told_from_those_of_a_spreadsheet() -> None:
    (note,) = told(TimeFormat("excel"), 20_454, 20_513.5)

    assert note == (
        'All times lie from 1955-12-31 to 1956-02-28 under timestamp_format = "excel", and from 2026-01-01 to '
        '2026-03-01 as days since 1970: if that is right, set timestamp_unit = "days" and timestamp_origin = '
        '"1970-01-01" in [event] instead.'
    )


def test_hours_that_count_as_days_are_told_by_the_centuries_that_they_take() -> None:
    (note,) = told(TimeFormat(unit="days", origin="1990-01-01"), 0, 17_520)

    assert note == (
        "The times take 48 years as days, and 730 days as hours: if that is right, set timestamp_unit = "
        '"hours" in [event].'
    )


@pytest.mark.parametrize(
    ("form", "first", "last"),
    [
        (TimeFormat("excel"), 36_526, 46_082),  # 2000 to 2026
        (TimeFormat("excel"), 25_000, 30_000),  # 1968 to 1982
        (TimeFormat("excel"), 44_562, 44_620),  # of 1904, four years early
        (TimeFormat("excel"), 20_454, 46_082),  # one of them is wrong
        (TimeFormat("epoch_s"), 0, 15_811_131),  # training refuses those
        (TimeFormat("epoch_s"), 1_700_000_000, 1_770_000_000),
        (TimeFormat("epoch_ms"), 946_684_800_000, 1_770_000_000_000),
        (TimeFormat(unit="days", origin="2000-01-01"), 0, 9_000),
        (TimeFormat(unit="hours", origin="2017-01-01"), 1, 743),
        (TimeFormat(unit="seconds", origin="1970-01-01"), 0, 1_770_000_000),
    ],
)
def test_times_that_may_be_right_are_not_told(form: TimeFormat, first: float, last: float) -> None:
    assert told(form, first, last) == []


def test_texts_are_not_told() -> None:
    assert list(find_odd_span(TimeFormat(), -(10**15), 10**15)) == []
    assert list(find_odd_span(TimeFormat("%Y-%m-%d"), -(10**15), 10**15)) == []
