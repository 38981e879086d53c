"""Metrics on decisions, named as Amazon Fraud Detector names them, in CloudWatch's embedded metric format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from tollgate.core.decisions.decision import Decision
from tollgate.core.detectors.version import DetectorVersion

# What begins with "AWS/" CloudWatch keeps for AWS itself.
NAMESPACE = "Tollgate"
DETECTOR, VERSION, OUTCOME, RULE, VARIABLE = (
    "DetectorID",
    "DetectorVersionID",
    "OutcomeName",
    "RuleID",
    "VariableName",
)
# Events that lay too far ahead of the clock: refused, or decided on as of now.
EVENTS_AHEAD = "EventsAhead"

Dimensions = tuple[tuple[str, str], ...]
Unit = Literal["Count", "Milliseconds"]


class Metric(NamedTuple):
    """One number; ``dimensions`` are pairs of name and value."""

    name: str
    dimensions: Dimensions
    value: float = 1.0
    unit: Unit = "Count"


@dataclass(frozen=True, eq=False)
class CountedTogether:
    """Metrics of value 1 that are counted up as one: each such object is another, whatever it holds."""

    metrics: tuple[Metric, ...]


def write_embedded(metrics: Iterable[Metric], time_ms: int) -> list[str]:
    """Return lines of JSON in the embedded metric format, each with as many of the metrics as fit beside each other.

    A line has one value for each name, so metrics of two rules stand in two lines. The format is AWS's "CloudWatch
    embedded metric format specification".
    """
    found = list(metrics)
    values = [metric.value for metric in found]
    lines = _arrange(tuple((metric.name, metric.dimensions, metric.unit) for metric in found))
    return [line.write(time_ms, values) for line in lines]


@dataclass(frozen=True)
class _Line:
    """One line but for its numbers; ``places`` says which of the values stand under which names."""

    directives: str
    dimensions: str
    places: tuple[tuple[str, int], ...]

    def write(self, time_ms: int, values: Sequence[float]) -> str:
        numbers = "".join(f",{name}:{float(values[place])!r}" for name, place in self.places)
        about = f'{{"Timestamp":{time_ms},"CloudWatchMetrics":{self.directives}}}'
        return f'{{"_aws":{about}{self.dimensions}{numbers}}}'


# The metrics of decisions are the same ones again and again.
@lru_cache(maxsize=256)
def _arrange(metrics: tuple[tuple[str, Dimensions, Unit], ...]) -> list[_Line]:
    lines: list[_Draft] = []
    for place, (name, dimensions, unit) in enumerate(metrics):
        line = next((line for line in lines if line.takes(name, dimensions)), None)
        if line is None:
            lines.append(line := _Draft())
        line.add(place, name, dimensions, unit)
    return [line.finish() for line in lines]


class _Draft:
    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._dimensions: dict[str, str] = {}
        self._groups: dict[tuple[str, ...], list[dict[str, str]]] = {}

    def takes(self, name: str, dimensions: Dimensions) -> bool:
        if name in self._places:
            return False
        return all(self._dimensions.get(dimension, value) == value for dimension, value in dimensions)

    def add(self, place: int, name: str, dimensions: Dimensions, unit: Unit) -> None:
        self._places[name] = place
        self._dimensions |= dict(dimensions)
        names = tuple(dimension for dimension, _ in dimensions)
        self._groups.setdefault(names, []).append({"Name": name, "Unit": unit})

    def finish(self) -> _Line:
        directives = [
            {"Namespace": NAMESPACE, "Dimensions": [list(names)], "Metrics": metrics}
            for names, metrics in self._groups.items()
        ]
        named = ((_to_json(name), place) for name, place in self._places.items())
        dimensions = "".join(f",{_to_json(name)}:{_to_json(value)}" for name, value in self._dimensions.items())
        return _Line(_to_json(directives), dimensions, tuple(named))


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def count_decision(version: DetectorVersion, decision: Decision, took_ms: float) -> Iterator[Metric]:
    """Yield what a call counts that was answered with a decision; ``took_ms`` is how long that took."""
    detector = ((DETECTOR, version.detector),)
    of_version = _of_version(version)
    yield from count_call(version.detector, took_ms)
    if decision.repeated:
        yield Metric("RepeatedDecision", detector)
        return
    yield Metric("Prediction", of_version)
    yield Metric("PredictionLatency", of_version, decision.timings_ms["total"], "Milliseconds")
    yield Metric("OutcomeReturned", (*of_version, (OUTCOME, decision.outcome)))
    counted = {
        "DegradedDecision": decision.degraded is not None,
        "DecisionNotRecorded": not decision.recorded,
        "BlocksHeldBack": decision.braked,
        EVENTS_AHEAD: decision.clock is not None,
    }
    yield from (Metric(name, detector) for name, happened in counted.items() if happened)


def count_call(detector: str, took_ms: float) -> Iterator[Metric]:
    """Yield what every call counts, answered or not."""
    yield Metric("GetEventPrediction", ((DETECTOR, detector),))
    yield Metric("GetEventPredictionLatency", ((DETECTOR, detector),), round(took_ms, 3), "Milliseconds")


def count_failure(detector: str, status: int, took_ms: float, *, ahead: bool = False) -> Iterator[Metric]:
    """Yield what a call counts that failed with an HTTP status, ``ahead`` if its event lay ahead of the clock."""
    yield from count_call(detector, took_ms)
    if ahead:
        yield Metric(EVENTS_AHEAD, ((DETECTOR, detector),))
    yield Metric(f"GetEventPrediction{status // 100}XXError", ((DETECTOR, detector),))


def count_parts(version: DetectorVersion, decision: Decision) -> CountedTogether:
    """Return what a first decision counts of each variable and each rule: one metric a variable, one or two a rule."""
    missing = frozenset(decision.missing_columns or ())
    matched = frozenset([hit.rule for hit in decision.rules])
    # Two of the ways to go on without something ask no rule.
    asked = decision.degraded is None or decision.degraded.mode == "rules_only" or decision.score is not None
    return _parts(version, missing, matched, asked)


# Most decisions find the same variables and the same rules.
@lru_cache(maxsize=64)
def _parts(version: DetectorVersion, missing: frozenset[str], matched: frozenset[str], asked: bool) -> CountedTogether:
    return CountedTogether((*_variables(version, missing), *_rules(version, missing, matched, asked)))


def _variables(version: DetectorVersion, missing: frozenset[str]) -> Iterator[Metric]:
    of_version = _of_version(version)
    for name in version.event_type.variables:
        yield Metric("VariableDefaultReturned" if name in missing else "VariableUsed", (*of_version, (VARIABLE, name)))


def _rules(version: DetectorVersion, missing: frozenset[str], matched: frozenset[str], asked: bool) -> Iterator[Metric]:
    of_version = _of_version(version)
    decided = not asked
    for compiled in version.rules.rules:
        rule = compiled.rule
        dimensions = (*of_version, (RULE, rule.name))
        if rule.name in matched:
            yield Metric("RuleEvaluateTrue", dimensions)
            decided = decided or (version.rules.book.mode == "FIRST_MATCHED" and not rule.shadow)
        elif decided and not (asked and rule.shadow):
            yield Metric("RuleNotEvaluated", dimensions)
        else:
            yield Metric("RuleEvaluateFalse", dimensions)
            if missing.intersection(compiled.names):
                yield Metric("RuleEvaluateError", dimensions)


def _of_version(version: DetectorVersion) -> Dimensions:
    return ((DETECTOR, version.detector), (VERSION, version.version))
