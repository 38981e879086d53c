"""Downgrades: a rule that decides, and the stronger outcome that the score alone would have given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tollgate.core.decisions.decision import Downgrade
from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.detectors.manifest import Outcome
from tollgate.core.rules.backtest import Downgrades, count_downgrades, describe_downgrades
from tollgate.core.rules.matches import RuleHit
from tollgate.core.rules.rule import Rule

from tests.core.decisions import make_decision

ORDER = ("approve", "review", "call", "block")
OUTCOMES = (Outcome("approve", 0), Outcome("review", 900), Outcome("block", 975))
FIRST = Thresholds(OUTCOMES, ORDER, "FIRST_MATCHED")


@pytest.mark.parametrize(
    ("score", "outcome", "acting", "expected"),
    [
        (991, "review", ["far"], Downgrade("far", "block")),
        (975, "call", ["far"], Downgrade("far", "block")),
        (930, "approve", ["regular"], Downgrade("regular", "review")),
        (930, "review", ["far"], None),
        (100, "block", ["bad"], None),
        (991, "block", [], None),
        (None, "review", ["far"], None),
        (991, "held", ["far"], None),
    ],
)
def test_a_weaker_outcome_than_the_scores_is_a_downgrade(
    score: int | None, outcome: str, acting: list[str], expected: object
) -> None:
    assert FIRST.downgrade(score, outcome, acting) == expected


def test_where_the_strongest_wins_there_is_none() -> None:
    assert Thresholds(OUTCOMES, ORDER, "ALL_MATCHED").downgrade(991, "review", ["far"]) is None
    assert Thresholds(OUTCOMES, ORDER, "ALL_MATCHED").ranks(np.array([991])) is None


def test_an_outcome_of_the_brake_or_the_caller_is_no_rules() -> None:
    decision = make_decision(score=991, outcome="review", rules=(RuleHit("far", "review", False, "true"),))
    assert FIRST.downgrade_of(decision) == Downgrade("far", "block")
    assert FIRST.downgrade_of(replace(decision, braked=True)) is None
    assert FIRST.downgrade_of(replace(decision, forced=True)) is None
    assert FIRST.downgrade_of(replace(decision, rules=(RuleHit("far", "review", True, "true"),))) is None


def test_thresholds_are_read_from_manifests_of_any_age() -> None:
    plain = [{"name": one.name, "from_score": one.from_score} for one in OUTCOMES]
    old = Thresholds.from_manifest({"outcomes": plain})
    assert (old.order, old.mode) == (("approve", "review", "block"), "FIRST_MATCHED")
    new = Thresholds.from_manifest({"outcomes": plain, "rules": {"order": list(ORDER), "mode": "ALL_MATCHED"}})
    assert (new.order, new.mode) == (ORDER, "ALL_MATCHED")


def test_ranks_are_those_of_the_outcomes_one_by_one() -> None:
    scores = np.array([-1, 0, 899, 900, 974, 975, 1000])
    found = FIRST.ranks(scores)
    assert found is not None
    assert [ORDER[rank] for rank in found[1:]] == [FIRST.outcome(int(score)) for score in scores[1:]]


def test_downgrades_are_counted_by_outcome_with_weights() -> None:
    rule = Rule("far", "true", "approve")
    by_score = np.array([0, 1, 3, 3, 3, 1])
    decides = np.array([True, True, True, True, False, False])
    frauds = np.array([False, False, True, False, True, False])
    found = count_downgrades(rule, decides, by_score, frauds, np.array([1.0, 2, 3, 1, 1, 5]), ORDER)
    assert found == (Downgrades("review", 2, 7, 0), Downgrades("block", 4, 5, 3))
    assert describe_downgrades(rule, found)[0].startswith(
        "downgrades 4 of 5 events from block to approve, 3 of them fraud;"
    )
