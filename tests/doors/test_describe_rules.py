"""What decides besides the model is told: every rule, every list as it is now, and what was chosen for failures."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.core.detectors.safety import Safety
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.value_lists import ValueList

from tests.doors.doors import call
from tests.services.backend import DETECTOR, Backend, forget_storage, reseal

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

BOOK = RuleBook(
    "ALL_MATCHED",
    (
        Rule("later", "amount > 1000\n  && score > 900", "hold", priority=500, expires_us=1_893_456_000_000_000),
        Rule("denied", "customer_id in denied", "block", priority=1),
        Rule("tried", "amount in round", "review", shadow=True),
        Rule("off", "amount > 1", "block", enabled=False),
    ),
    {"denied": ValueList.of("text", ["c1", "c2"]), "round": ValueList.of("number", [100.0])},
    ("approve", "review", "hold", "block"),
)
SAFETY = Safety(fail="rules_only", required=("amount",), most_blocked=0.1)


@pytest.fixture
def ruled(empty_backend: Backend, sample_version: Path, tmp_path: Path) -> Backend:
    empty_backend.publish(reseal(sample_version, tmp_path, rules=BOOK.to_json(), safety=SAFETY.to_json()))
    return empty_backend


@pytest.mark.usefixtures("ruled")
def test_rules_come_in_the_order_in_which_they_are_asked() -> None:
    status, answer = call("GET", "/v1/detector")

    assert status == 200
    assert answer["rules_mode"] == "ALL_MATCHED"
    assert [rule["name"] for rule in answer["rules"]] == ["denied", "tried", "off", "later"]
    assert answer["rules"][-1] == {
        "name": "later", "expression": "amount > 1000 && score > 900", "outcome": "hold", "priority": 500,
        "enabled": True, "shadow": False, "expires_at": "2030-01-01T00:00:00Z",
    }  # fmt: skip
    assert [(rule["enabled"], rule["shadow"]) for rule in answer["rules"][1:3]] == [(True, True), (False, False)]
    assert answer["outcome_order"] == ["approve", "review", "hold", "block"]


@pytest.mark.usefixtures("ruled")
def test_the_choices_for_failures_are_told() -> None:
    assert call("GET", "/v1/detector")[1]["safety"] == {
        "fail": "rules_only", "required": ["amount"], "review": "review", "block": "block",
        "most_blocked": 0.1, "over_s": 300.0, "at_least": 50,
    }  # fmt: skip


def test_lists_are_told_as_they_are_now(ruled: Backend) -> None:
    described = call("GET", "/v1/detector")[1]
    sealed = {one["name"]: one for one in described["lists"]}
    ruled.drop(f"lists/{DETECTOR}/denied.txt", b"c7\nc8\nc9\n")
    forget_storage()
    now = {one["name"]: one for one in call("GET", "/v1/detector")[1]["lists"]}

    assert sealed["denied"] == {
        "name": "denied", "kind": "text", "entries": 2, "sealed": True, "changed_at": described["created_at"],
    }  # fmt: skip
    assert now["round"] == sealed["round"]
    assert (now["denied"]["entries"], now["denied"]["sealed"]) == (3, False)
    stored = ruled.s3.head_object(Bucket=ruled.bucket, Key=f"lists/{DETECTOR}/denied.txt")["LastModified"]
    assert now["denied"]["changed_at"] == f"{stored:%Y-%m-%dT%H:%M:%SZ}"


def test_a_list_with_the_sealed_values_in_the_bucket_is_no_sealed_one(ruled: Backend) -> None:
    ruled.drop(f"lists/{DETECTOR}/denied.txt", b"c1\nc2\n")
    (denied, _) = call("GET", "/v1/detector")[1]["lists"]

    assert (denied["entries"], denied["sealed"]) == (2, False)
