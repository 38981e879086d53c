"""Advice on a decision, from its score, the thresholds and the rules. It never contradicts the reasons."""

from __future__ import annotations

from app.api.client import Json
from app.api.detector import Detector
from app.ui import formatting

_DO = {
    "review": "send it to manual review before it goes through",
    "block": "decline it",
}


def advise(detector: Detector, answer: Json) -> str:
    """Return a sentence or two on one answer; empty if there is nothing to say."""
    outcome, score = str(answer.get("outcome")), answer.get("score")
    if score is None or not detector.outcomes:
        return ""
    if answer.get("detector_version") not in (None, detector.version):
        return "An earlier version made this decision. Its thresholds may differ."
    if outcome == outcome_of_score(detector, int(score)):
        return _describe_distance(detector, int(score), answer)
    return describe_override(detector, answer)


def describe_override(detector: Detector, answer: Json) -> str:
    """Return what overrode the outcome of the score; empty if nothing did."""
    outcome, score = str(answer.get("outcome")), answer.get("score")
    if score is None or answer.get("detector_version") not in (None, detector.version):
        return ""
    by_score = outcome_of_score(detector, int(score))
    if outcome == by_score:
        return ""
    alone = f"The score alone would give {formatting.title(by_score)}."
    rules = [str(rule["rule"]) for rule in answer.get("rules") or () if _made(rule, outcome)]
    if answer.get("braked"):
        return f"{alone} The block limit was reached."
    if not rules:
        return alone
    quoted = [f"“{rule}”" for rule in rules]
    named = f"Rule {quoted[0]} sets" if len(rules) == 1 else f"Rules {' and '.join(quoted)} set"
    return f"{named} the outcome to {formatting.title(outcome)}. {alone}"


def outcome_of_score(detector: Detector, score: int) -> str:
    """Return the outcome of a score by the thresholds alone."""
    return max((one for one in detector.outcomes if one.from_score <= score), key=lambda one: one.from_score).name


def _made(rule: Json, outcome: str) -> bool:
    return str(rule.get("outcome")) == outcome and not rule.get("shadow")


def _describe_distance(detector: Detector, score: int, answer: Json) -> str:
    """Return a score's distance from the threshold that matters: the next one if approved, else its own."""
    outcome = str(answer["outcome"])
    own = next(one for one in detector.outcomes if one.name == outcome)
    if own.from_score == 0:
        following = next(iter(detector.thresholds()), None)
        if following is None:
            return ""
        points = following.from_score - score
        return f"{_points(points)} below the {_threshold(following.name)}{_describe_raising(answer)}."
    over = score - own.from_score
    line = _threshold(own.name)
    where = f"{_points(over)} above the {line}" if over else f"Exactly at the {line}"
    advice = _DO.get(outcome)
    return f"{where}: {advice}." if advice else f"{where}."


def _describe_raising(answer: Json) -> str:
    reasons = answer.get("reasons")
    if not reasons:
        return ""
    raising = sum(int(reason["impact"]) >= 1 for reason in reasons)
    if not raising:
        return "; no reason raises the risk much"
    return f", though {'one reason raises' if raising == 1 else f'{raising} reasons raise'} the risk"


def _points(number: int) -> str:
    return "1 point" if number == 1 else f"{number} points"


def _threshold(outcome: str) -> str:
    return f"{formatting.title(outcome).lower()} threshold"
