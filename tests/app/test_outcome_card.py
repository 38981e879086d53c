"""The outcome card with and without a score, and what it advises."""

from __future__ import annotations

from typing import Any

import pytest

from app.api.detector import read_detector
from app.components.outcome_card import advise, outcome_card
from tests.app.contract_shapes import detector_document

DETECTOR = read_detector(detector_document())
RULE = {"rule": "far", "outcome": "review", "shadow": False, "expression": ""}


def test_a_score_stands_on_its_scale() -> None:
    card = outcome_card(DETECTOR, {"outcome": "review", "score": 921})
    assert "<b>921</b>" in card
    assert "tg-scale" in card


def test_without_a_score_none_is_shown() -> None:
    card = outcome_card(DETECTOR, {"outcome": "review", "score": None})
    assert "no score" in card
    assert "of 1000" not in card
    assert "tg-scale" not in card


def reasons(*impacts: int) -> list[dict[str, Any]]:
    return [{"name": "", "impact": impact, "contribution": float(impact), "sentence": ""} for impact in impacts]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"outcome": "approve", "score": 840}, "60 points below the review threshold."),
        ({"outcome": "approve", "score": 899, "reasons": reasons(3, 1, 0, -4)},
         "1 point below the review threshold, though 2 reasons raise the risk."),
        ({"outcome": "approve", "score": 12, "reasons": reasons(0, -1)},
         "888 points below the review threshold; no reason raises the risk much."),
        ({"outcome": "review", "score": 900},
         "Exactly at the review threshold: send it to manual review before it goes through."),
        ({"outcome": "review", "score": 921},
         "21 points above the review threshold: send it to manual review before it goes through."),
        ({"outcome": "block", "score": 990}, "15 points above the block threshold: decline it."),
        ({"outcome": "review", "score": 990, "rules": [RULE]},
         "Rule “far” sets the outcome to Review. The score alone would give Block."),
        ({"outcome": "review", "score": 100, "rules": [RULE | {"rule": "a"}, RULE, RULE | {"shadow": True}]},
         "Rules “a” and “far” set the outcome to Review. The score alone would give Approve."),
        ({"outcome": "review", "score": 990, "braked": True},
         "The score alone would give Block. The block limit was reached."),
        ({"outcome": "approve", "score": 990}, "The score alone would give Block."),
        ({"outcome": "approve", "score": 990, "detector_version": "older"},
         "An earlier version made this decision. Its thresholds may differ."),
        ({"outcome": "review", "score": None}, ""),
    ],
)  # fmt: skip
def test_advice_follows_from_score_rules_and_reasons(answer: dict[str, Any], said: str) -> None:
    assert advise(DETECTOR, answer) == said


def test_rules_of_any_name_stay_text() -> None:
    answer = {"outcome": "review", "score": 990, "rules": [RULE | {"rule": "<img src=x>"}]}
    assert "<img" not in outcome_card(DETECTOR, answer)
