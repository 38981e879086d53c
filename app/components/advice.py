"""Advice on a decision: what to do, from its score, the thresholds and the rules; it never contradicts the reasons."""

from __future__ import annotations

from app.api.client import Json
from app.api.detector import Detector
from app.ui import formatting

_DO = {
    "review": "have a person look at it before it goes through",
    "block": "refuse it",
}


def advise(detector: Detector, answer: Json) -> str:
    """Return a sentence or two on one answer; empty where nothing can be said of it."""
    outcome, score = str(answer.get("outcome")), answer.get("score")
    if score is None or not detector.outcomes:
        return ""
    if answer.get("detector_version") not in (None, detector.version):
        return "An earlier version decided, whose thresholds may be others."
    if outcome == outcome_of_score(detector, int(score)):
        return _say_distance(detector, int(score), answer)
    return say_changed(detector, answer)


def say_changed(detector: Detector, answer: Json) -> str:
    """Return what gave an answer another outcome than its score alone would have; empty where nothing did."""
    outcome, score = str(answer.get("outcome")), answer.get("score")
    if score is None or answer.get("detector_version") not in (None, detector.version):
        return ""
    by_score = outcome_of_score(detector, int(score))
    if outcome == by_score:
        return ""
    alone = f"Its score alone would give {formatting.title(by_score)}."
    rules = [str(rule["rule"]) for rule in answer.get("rules") or () if _made(rule, outcome)]
    if answer.get("braked"):
        return f"{alone} Too much was blocked lately."
    if not rules:
        return alone
    quoted = [f"“{rule}”" for rule in rules]
    named = f"Rule {quoted[0]} makes" if len(rules) == 1 else f"Rules {' and '.join(quoted)} make"
    return f"{named} it {formatting.title(outcome)}. {alone}"


def outcome_of_score(detector: Detector, score: int) -> str:
    """Return the outcome that a score has by the thresholds alone."""
    return max((one for one in detector.outcomes if one.from_score <= score), key=lambda one: one.from_score).name


def _made(rule: Json, outcome: str) -> bool:
    return str(rule.get("outcome")) == outcome and not rule.get("shadow")


def _say_distance(detector: Detector, score: int, answer: Json) -> str:
    """Return how far a score is from the threshold that matters: the next one for what is let through, else its own."""
    outcome = str(answer["outcome"])
    own = next(one for one in detector.outcomes if one.name == outcome)
    if own.from_score == 0:
        following = next(iter(detector.thresholds()), None)
        if following is None:
            return ""
        points = following.from_score - score
        return f"{_points(points)} below the {_line(following.name)}{_say_raising(answer)}."
    over = score - own.from_score
    where = f"{_points(over)} above the {_line(own.name)}" if over else f"Just on the {_line(own.name)}"
    advice = _DO.get(outcome)
    return f"{where}: {advice}." if advice else f"{where}."


def _say_raising(answer: Json) -> str:
    reasons = answer.get("reasons")
    if not reasons:
        return ""
    raising = sum(int(reason["impact"]) >= 1 for reason in reasons)
    if not raising:
        return "; no reason raises the risk much"
    return f", though {'one reason raises' if raising == 1 else f'{raising} reasons raise'} the risk"


def _points(number: int) -> str:
    return "1 point" if number == 1 else f"{number} points"


def _line(outcome: str) -> str:
    return f"{formatting.title(outcome).lower()} line"
