"""Metrics: what is counted of a decision, and the form in which CloudWatch reads it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tollgate.core.decisions.decision import Decision, Degraded
from tollgate.core.decisions.metrics import Metric, count_parts, write_embedded
from tollgate.core.detectors.safety import missing_columns
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.rules.matches import RuleHit
from tollgate.core.rules.rule import Rule, RuleBook

from model_build.deployment.publish import open_folder
from tests.core.decisions import make_decision
from tests.services.backend import reseal

RULES = (
    Rule("shadow", "amount > 1", "block", shadow=True),
    Rule("dear", "amount > 100", "block"),
    Rule("far", "latitude > 80", "review"),
    Rule("late shadow", "amount > 5000", "block", shadow=True),
)
EVENT = {"event_id": "1", "timestamp": "2026-06-01T00:00:00Z", "amount": 200.0, "channel": " ", "ip": None}


@pytest.fixture(scope="module")
def version(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> DetectorVersion:
    book = RuleBook(rules=RULES, order=("approve", "review", "block"))
    return open_folder(reseal(sample_version, tmp_path_factory.mktemp("rules"), rules=book.to_json()))


def answer(*matched: str, degraded: Degraded | None = None, score: int | None = 10) -> Decision:
    hits = tuple(RuleHit(name, "review", False, "") for name in matched)
    return make_decision(rules=hits, degraded=degraded, score=score)


def of_event(version: DetectorVersion, said: Decision) -> Decision:
    return replace(said, missing_columns=missing_columns(version.event_type, EVENT))


def count_rules(version: DetectorVersion, said: Decision) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for metric in count_parts(version, of_event(version, said)).metrics:
        dimensions = dict(metric.dimensions)
        if "RuleID" in dimensions:
            found.setdefault(dimensions["RuleID"], set()).add(metric.name.removeprefix("Rule"))
    return found


def test_each_rule_says_whether_it_was_true_false_or_not_asked(version: DetectorVersion) -> None:
    assert count_rules(version, answer("shadow", "dear")) == {
        "shadow": {"EvaluateTrue"},
        "dear": {"EvaluateTrue"},
        "far": {"NotEvaluated"},
        "late shadow": {"EvaluateFalse"},
    }
    assert count_rules(version, answer())["far"] == {"EvaluateFalse", "EvaluateError"}


def test_without_a_score_rules_are_asked_in_one_mode_alone(version: DetectorVersion) -> None:
    fixed = count_rules(version, answer(degraded=Degraded("review", ()), score=None))
    assert set.union(*fixed.values()) == {"NotEvaluated"}
    asked = count_rules(version, answer("dear", degraded=Degraded("rules_only", ()), score=None))
    assert asked["dear"] == {"EvaluateTrue"}
    unrecorded = count_rules(version, answer("dear", degraded=Degraded("review", ())))
    assert unrecorded["dear"] == {"EvaluateTrue"}


def test_each_variable_was_there_or_missing(version: DetectorVersion) -> None:
    metrics = count_parts(version, of_event(version, answer())).metrics
    there = {dict(m.dimensions)["VariableName"] for m in metrics if m.name == "VariableUsed"}
    missing = {dict(m.dimensions)["VariableName"] for m in metrics if m.name == "VariableDefaultReturned"}
    assert there == {"event_id", "timestamp", "amount"}
    assert missing == set(version.event_type.variables) - there
    assert {"channel", "ip", "latitude"} <= missing


def test_a_line_says_each_name_once() -> None:
    by_detector, by_rule = (("DetectorID", "d"),), (("DetectorID", "d"), ("RuleID", "a"))
    metrics = [
        Metric("Prediction", by_detector),
        Metric("Latency", by_detector, 1.5, "Milliseconds"),
        Metric("RuleEvaluateTrue", by_rule, 3.0),
        Metric("RuleEvaluateTrue", (("DetectorID", "d"), ("RuleID", "b"))),
        Metric("Prediction", (("DetectorID", "e"),)),
    ]
    lines = [json.loads(line) for line in write_embedded(metrics, 1_800_000_000_000)]
    assert [line.get("RuleID") for line in lines] == ["a", "b", None]
    assert lines[0] == {
        "_aws": {
            "Timestamp": 1_800_000_000_000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Tollgate",
                    "Dimensions": [["DetectorID"]],
                    "Metrics": [{"Name": "Prediction", "Unit": "Count"}, {"Name": "Latency", "Unit": "Milliseconds"}],
                },
                {
                    "Namespace": "Tollgate",
                    "Dimensions": [["DetectorID", "RuleID"]],
                    "Metrics": [{"Name": "RuleEvaluateTrue", "Unit": "Count"}],
                },
            ],
        },
        "DetectorID": "d",
        "RuleID": "a",
        "Prediction": 1.0,
        "Latency": 1.5,
        "RuleEvaluateTrue": 3.0,
    }
    assert read_back(lines) == Counter(metrics)


def read_back(lines: list[dict[str, Any]]) -> Counter[Metric]:
    """Read lines as CloudWatch does: each metric under each of its sets of dimensions."""
    found: Counter[Metric] = Counter()
    for line in lines:
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = tuple((name, line[name]) for name in names)
                found.update(Metric(m["Name"], dimensions, line[m["Name"]], m["Unit"]) for m in directive["Metrics"])
    return found


def test_nothing_is_no_line() -> None:
    assert write_embedded([], 0) == []
