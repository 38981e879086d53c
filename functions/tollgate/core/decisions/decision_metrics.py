"""Metrics of one decision: its counts, its parts' latency, and its rules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from tollgate.core.decisions.decision import Decision
from tollgate.core.decisions.metrics import (
    DETECTOR,
    EVENTS_AHEAD,
    OUTCOME,
    RULE,
    VARIABLE,
    VERSION,
    CountedTogether,
    Dimensions,
    Metric,
)
from tollgate.core.detectors.version import DetectorVersion


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
