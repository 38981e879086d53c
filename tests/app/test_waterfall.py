"""Waterfall chart of reasons."""

from __future__ import annotations

import math

import pytest

from app.components.reasons import MAX_STEPS, MIN_STEPS, count_steps, waterfall_rows
from app.ui import formatting

BASE = -4.6


def reasons(count: int) -> list[dict[str, object]]:
    values = [1.9 * (-1) ** number / (number + 1) for number in range(count)]
    return [{"name": f"r{number}", "contribution": value, "sentence": "."} for number, value in enumerate(values)]


@pytest.mark.parametrize("count", [0, 1, MIN_STEPS, MIN_STEPS + 5])
def test_the_steps_lead_from_the_base_to_the_sum(count: int) -> None:
    given = reasons(count)
    rows = waterfall_rows(BASE, given, "payment")
    first, *steps, last = rows
    total = BASE + sum(float(str(one["contribution"])) for one in given)
    assert (first["contribution"], last["contribution"]) == (BASE, pytest.approx(total))
    at = BASE
    for step in steps:
        low, high = sorted((at, at + step["contribution"]))
        assert (step["low"], step["high"]) == (pytest.approx(low), pytest.approx(high))
        at += step["contribution"]
    assert at == pytest.approx(total)
    assert len(steps) == min(count, MIN_STEPS + 1)
    assert last["factor"] == formatting.percent(1 / (1 + math.exp(-total)))


@pytest.mark.parametrize(("count", "shown"), [(12, 11), (40, MAX_STEPS)])
def test_what_is_left_out_weighs_less_than_the_last_that_is_shown(count: int, shown: int) -> None:
    assert count_steps([0.1] * count) == shown


def test_the_weightiest_come_first_and_say_what_they_do_to_the_odds() -> None:
    rows = waterfall_rows(BASE, reasons(3)[::-1], "payment")
    assert [row["name"] for row in rows] == ["An average payment", "R0", "R1", "R2", "This payment"]
    assert [row["factor"] for row in rows[1:4]] == ["×6.7", "÷2.6", "×1.9"]
    assert [row["kind"] for row in rows[1:4]] == ["raises the risk", "lowers the risk", "raises the risk"]
