"""Costs in the detector file, and outcomes that are left to them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.core.detectors.costs import Costs

from tests.training.detector_text import ROOT, SMALLEST, WHOLE, line_of, read, refusal

COSTS = WHOLE.replace(
    "[outcomes]", '[costs]\nmissed_fraud = "amount"\nreview = 3.5\nblocked_legitimate = 20\n[outcomes]'
)
FROM_COST = WHOLE.replace("review = 900", 'review = "cost"\nblock = "cost"')


def test_costs_are_read(tmp_path: Path) -> None:
    costs = read(tmp_path, COSTS).costs
    assert costs == Costs(None, 3.5, 20.0)
    assert costs.defaults == ()
    assert read(tmp_path, COSTS.replace('"amount"\nreview', "70\nreview")).costs == Costs(70.0, 3.5, 20.0)


def test_costs_that_are_not_set_are_the_documented_defaults(tmp_path: Path) -> None:
    costs = read(tmp_path, WHOLE).costs
    assert costs == Costs()
    assert costs.defaults == ("missed_fraud", "review", "blocked_legitimate")
    page = (ROOT / "docs/reference/detector-file.md").read_text(encoding="utf-8")
    assert costs.missed_fraud is None
    assert '| `missed_fraud` | `"amount"` or number | its amount |' in page
    assert f"| `review` | number | `{costs.review:g}` |" in page
    assert f"| `blocked_legitimate` | number | `{costs.blocked_legitimate:g}` |" in page


@pytest.mark.parametrize("key", ["missed_fraud", "review", "blocked_legitimate"])
@pytest.mark.parametrize("value", ["-1", "-0.01", "nan", "inf", "-inf", "1e13", "true", '"much"', "[5]", '""'])
def test_a_price_that_is_none_is_refused_with_line_and_key(tmp_path: Path, key: str, value: str) -> None:
    text = WHOLE.replace("[outcomes]", f"[costs]\n{key} = {value}\n[outcomes]")
    message = refusal(tmp_path, text)
    assert f"line {line_of(text, key)}: {key} in [costs] must be" in message
    assert "a number from 0 to 10^12" in message


def test_a_misspelt_amount_or_key_of_costs_is_suggested(tmp_path: Path) -> None:
    assert 'did you mean "amount"?' in refusal(tmp_path, COSTS.replace('"amount"\nreview', '"amuont"\nreview'))
    assert 'did you mean "review"?' in refusal(tmp_path, COSTS.replace("review = 3.5", "reveiw = 3.5"))
    assert 'did you mean "costs"?' in refusal(tmp_path, COSTS.replace("[costs]", "[cost]"))


@pytest.mark.parametrize("section", ["[costs]\nreview = 2\n", '[costs]\nmissed_fraud = "amount"\n'])
def test_costs_without_an_amount_need_a_number_for_missed_fraud(tmp_path: Path, section: str) -> None:
    assert "missed_fraud in [costs] must be a number" in refusal(tmp_path, SMALLEST + section)
    assert read(tmp_path, SMALLEST + "[costs]\nmissed_fraud = 0\n").costs == Costs(0.0)


def test_outcomes_can_be_left_to_the_costs(tmp_path: Path) -> None:
    file = read(tmp_path, FROM_COST)
    assert file.outcomes_from_cost
    assert [outcome.name for outcome in file.outcomes] == ["approve", "review", "block"]
    assert not read(tmp_path, WHOLE).outcomes_from_cost


@pytest.mark.parametrize(
    ("outcomes", "key"),
    [
        ('review = "cost"', "review"),
        ('block = "cost"', "block"),
        ('review = "cost"\nblock = 975', "block"),
        ('review = 900\nblock = "cost"', "review"),
        ('call = "cost"', "call"),
        ('review = "cost"\nblock = "cost"\ncall = 800', "call"),
    ],
)
def test_cost_is_for_review_and_block_together_and_alone(tmp_path: Path, outcomes: str, key: str) -> None:
    text = WHOLE.replace("review = 900", outcomes)
    message = refusal(tmp_path, text)
    assert f"line {line_of(text, f'{key} =')}: {key} in [outcomes] cannot be combined" in message
    assert 'write review = "cost" and block = "cost", and no other outcome' in message


def test_another_text_than_cost_is_no_score(tmp_path: Path) -> None:
    assert 'must be a score from 1 to 1000, not "costs"' in refusal(tmp_path, FROM_COST.replace('"cost"', '"costs"'))


def test_outcomes_cannot_be_left_to_costs_that_are_not_there(tmp_path: Path) -> None:
    text = SMALLEST + '[outcomes]\nreview = "cost"\nblock = "cost"\n'
    message = refusal(tmp_path, text)
    assert f"line {line_of(text, 'review')}: review in [outcomes]" in message
    assert "needs amount in [event], or a number for missed_fraud in [costs]" in message
    assert read(tmp_path, text + "[costs]\nmissed_fraud = 70\n").outcomes_from_cost
