"""What is asked of DynamoDB to add to a history: each name once, and a fold only of what was read."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import boto3
import pytest
from tollgate.adapters.dynamodb.histories import HistoryTable
from tollgate.core.history.stored import Matured

# Requests are made here, and none is sent.
TABLE = HistoryTable(
    boto3.client("dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"), "history"
)


def names_in(action: dict[str, Any]) -> list[str]:
    """Return the names that an update changes, with repetitions."""
    expression = re.sub(r"\b(SET|ADD|REMOVE)\b|= ?:\w+|:\w+|,", " ", action["UpdateExpression"])
    return expression.split()


def check(action: dict[str, Any]) -> None:
    assert max(Counter(names_in(action)).values()) == 1, "DynamoDB refuses a name that stands twice"
    expressions = action["UpdateExpression"] + " " + action.get("ConditionExpression", "")
    assert set(re.findall(r":\w+", expressions)) == set(action["ExpressionAttributeValues"])


def test_a_sum_that_is_stale_and_folded_into_is_removed_once() -> None:
    # Stored l0a, and events that matured in the same epoch: all of it too old for the event that writes.
    action = TABLE.addition("k", {"n0z": 1}, 2e9, ["l0a", "n0a", "l0a"], Matured({"p0s": 2}, {"l0a": 20, "l1b": 6}))

    check(action)
    assert action["UpdateExpression"] == "SET x = :x ADD n0z :n0z, l1b :l1b REMOVE l0a, n0a, p0s"
    assert action["ConditionExpression"] == "p0s = :was_p0s"
    assert action["ExpressionAttributeValues"][":was_p0s"] == {"N": "2"}


def test_what_is_added_and_folded_into_the_same_sum_is_one_addition() -> None:
    action = TABLE.addition("k", {"n0z": 1, "l0a": 5}, 2e9, (), Matured({"p0s": 2}, {"l0a": 20}))

    check(action)
    assert action["ExpressionAttributeValues"][":l0a"] == {"N": "25"}


def test_an_open_event_added_to_a_step_that_is_folded_stays() -> None:
    action = TABLE.addition("k", {"n0z": 1, "p0s": -1}, 2e9, (), Matured({"p0s": 2, "p0t": 3}, {"l0a": 50}))

    check(action)
    assert action["ExpressionAttributeValues"][":p0s"] == {"N": "-3"}, "2 become legitimate, and 1 is taken back"
    assert "REMOVE p0t" in action["UpdateExpression"]
    assert "p0s = :was_p0s" in action["ConditionExpression"]


@pytest.mark.parametrize("stale", [(), ("n0a",)])
def test_without_a_fold_there_is_no_condition(stale: tuple[str, ...]) -> None:
    action = TABLE.addition("k", {"n0z": 1}, 2e9, stale)

    check(action)
    assert "ConditionExpression" not in action
