"""Numbers, booleans and times from outside: how they are read, and how bad ones are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tollgate.core.events.cells import Problem
from tollgate.core.events.reader import read_events
from tollgate.core.times.time_format import TimeFormat
from tollgate.errors import EventError

from tests.core.one_by_one import PAYMENT
from tests.core.read_one import GOOD, GOOD_US, assert_one_sentence, problem_of, read_one
from tests.hypothesis_profiles import examples

BAD_NUMBERS = ["abc", "inf", "-inf", "nan", "NaN", "1e999", "1_000", "0x10", "1,5", "12 50", "--1", "€5", "True"]
BAD_NUMBERS_OF_JSON = [True, False, float("inf"), float("nan"), 10**400, [1], [[1]], {"a": 1}, [], {}]


@pytest.mark.parametrize("column", ["amount", "latitude", "longitude", "age"])
@pytest.mark.parametrize("value", [*BAD_NUMBERS, *BAD_NUMBERS_OF_JSON], ids=lambda value: str(value)[:12])
def test_what_is_no_finite_number_is_refused_in_its_row_and_column(column: str, value: object) -> None:
    problem = problem_of(**{column: value})

    assert (problem.row, problem.column) == (1, column)
    assert_one_sentence(problem.message)
    with pytest.raises(EventError, match=f'^Column "{column}": .*[.]$') as refused:
        read_one(**{column: value})
    assert refused.value.column == column


def read_ages(ages: list[Any]) -> tuple[npt.NDArray[np.float64], list[Problem]]:
    events, problems = read_events(
        PAYMENT, {name: [value] * len(ages) for name, value in GOOD.items()} | {"age": ages}, whole=False
    )
    return events.numeric["age"], problems


@pytest.mark.parametrize("value", [True, False, "nan", "1_0", 10**400, [1]], ids=str)
def test_a_number_is_refused_alone_as_it_is_among_good_ones(value: object) -> None:
    for column in ([value], [2.5, value], ["1", value, ""], [value, 7]):
        _, problems = read_ages(column)

        assert [problem.row for problem in problems] == [column.index(value)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("latitude", 90.0001),
        ("latitude", -91),
        ("longitude", "180.5"),
        ("longitude", -200),
        ("amount", 1.1e12),
        ("amount", "-2e12"),
        ("age", 1.1e15),
    ],
)
def test_what_is_out_of_range_is_refused_in_its_row_and_column(column: str, value: object) -> None:
    problem = problem_of(**{column: value})

    assert (problem.row, problem.column) == (1, column)
    assert str(value) in problem.message


@pytest.mark.parametrize("value", [90, -90, "90.0", 0])
def test_the_ends_of_the_range_are_in_it(value: object) -> None:
    latitudes = read_one(latitude=value).latitudes
    assert latitudes is not None
    assert latitudes[0] == float(str(value))


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("column", ["amount", "latitude", "age", "present"])
def test_a_missing_number_is_not_a_number(column: str, value: object) -> None:
    event = read_one(**{column: value})

    read = {"amount": event.amounts, "latitude": event.latitudes, **event.numeric}[column]
    assert read is not None
    assert np.isnan(read[0])


def test_numbers_of_other_kinds_are_read() -> None:
    numbers, problems = read_ages([1, 2.5, "3", " 4 ", "5e0", Decimal("6.5"), None, ""])

    assert problems == []
    assert np.array_equal(numbers, [1, 2.5, 3, 4, 5, 6.5, np.nan, np.nan], equal_nan=True)


@pytest.mark.parametrize("value", ["maybe", 2, "on", [True], {"a": 1}, "nan"])
def test_what_is_neither_true_nor_false_is_refused(value: object) -> None:
    problem = problem_of(present=value)

    assert (problem.row, problem.column) == (1, "present")
    assert "neither true nor false; write yes or no, or declare the column as categorical" in problem.message


@pytest.mark.parametrize(
    ("value", "read"),
    [(True, 1), ("TRUE", 1), ("yes", 1), ("1.0", 1), (1, 1), (False, 0), ("no", 0), (0.0, 0), ("f", 0)],
)
def test_spellings_of_booleans(value: object, read: float) -> None:
    assert read_one(present=value).numeric["present"][0] == read


BAD_TIMES = [
    *("", None, "yesterday", "2026-13-01", "2026-02-30T00:00:00Z", "31.01.2026", "2026-01-31 25:00", "nan", "inf"),
    *("2026/01/31", True, [1], {"a": 1}, "13:24", "1e30", float("nan"), float("inf"), -3e9),
]


@pytest.mark.parametrize("value", BAD_TIMES, ids=str)
def test_what_is_no_time_is_refused_in_its_row_and_column(value: object) -> None:
    problem = problem_of(timestamp=value)

    assert (problem.row, problem.column) == (1, "timestamp")
    assert_one_sentence(problem.message)


def test_microseconds_by_mistake_are_told_how_to_be_declared() -> None:
    problem = problem_of(timestamp=1_767_619_451_000_000)

    assert 'timestamp_format = "epoch_us"' in problem.message


@pytest.mark.parametrize(
    "value",
    [
        "2026-01-05T13:24:11Z",
        "2026-01-05T13:24:11",
        "2026-01-05 13:24:11",
        " 2026-01-05T13:24:11.000000Z ",
        "2026-01-05T14:24:11+01:00",
        "2026-01-05T08:24:11-05:00",
        "20260105T132411Z",
        1_767_619_451,
        1_767_619_451.0,
        "1767619451",
        datetime(2026, 1, 5, 13, 24, 11),
        datetime(2026, 1, 5, 13, 24, 11, tzinfo=UTC),
        datetime(2026, 1, 5, 14, 24, 11, tzinfo=timezone(timedelta(hours=1))),
    ],
    ids=str,
)
def test_one_moment_in_many_forms(value: object) -> None:
    assert read_one(timestamp=value).times_us.tolist() == [GOOD_US]


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("epoch_s", "1767619451"),
        ("epoch_ms", 1_767_619_451_000),
        ("%d.%m.%Y %H:%M:%S", "05.01.2026 13:24:11"),
        ("%d/%m/%Y %H:%M:%S %z", "05/01/2026 14:24:11 +0100"),
        ("%Y%m%d%H%M%S", "20260105132411"),
        ("%Y%m%d%H%M%S", 20260105132411),
    ],
)
def test_declared_forms_of_time(form: str, value: object) -> None:
    assert read_one(replace(PAYMENT, timestamp_format=form), timestamp=value).times_us.tolist() == [GOOD_US]


@pytest.mark.parametrize(
    ("form", "value", "said"),
    [
        ("epoch_s", "2026-01-05T13:24:11Z", "epoch_s"),
        ("epoch_ms", "soon", "epoch_ms"),
        ("%d.%m.%Y", "2026-01-05", "%d.%m.%Y"),
        ("%Y-%m-%d", "2026-02-30", "%Y-%m-%d"),
    ],
)
def test_another_form_than_the_declared_one_is_refused_and_named(form: str, value: str, said: str) -> None:
    with pytest.raises(EventError, match="timestamp") as refused:
        read_one(replace(PAYMENT, timestamp_format=form), timestamp=value)

    assert said in str(refused.value)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))
@settings(max_examples=examples(100))
def test_times_are_read_to_the_microsecond(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    expected = (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    assert round(TimeFormat().read(aware.isoformat())) == expected
    assert round(TimeFormat().read(moment)) == expected


def test_a_date_is_its_midnight() -> None:
    assert TimeFormat().read(date(2026, 1, 5)) == TimeFormat().read("2026-01-05") == 1_767_571_200e6
