"""Sentences on model health, for every page that shows money at risk or live figures."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.detector import Detector
from app.components.model_health import Calibration, Compared
from app.ui import formatting

_NAMES = {
    "Alert rate": "the alert rate by score",
    "Precision": "precision",
    "Average precision": "average precision",
}
_PLAIN = {"Average precision"}


def describe_calibration(found: Calibration, detector: Detector) -> str:
    """Return how far money at risk was from actual fraud, and the data behind it."""
    came, expected = (formatting.money(amount, detector.currency) for amount in (found.observed, found.predicted))
    chance = " With so few, this may be chance." if found.may_be_chance else ""
    part = " that were not blocked" if found.without_blocked else ""
    return (
        f"Money at risk is {describe_ratio(found)}: predicted {expected}, actual fraud {came} "
        f"({found.frauds} frauds{part} on {found.days} labeled days).{chance}"
    )


def describe_ratio(found: Calibration) -> str:
    """Return the size of an error, such as ``too low by a factor of 3.1``, or that it is about right."""
    if not found.is_off:
        return "about right"
    if not found.predicted:
        return "too low"
    factor = max(found.ratio, 1 / found.ratio)
    return f"too {'low' if found.ratio > 1 else 'high'} by a factor of {factor:.1f}" if factor < 100 else "far too low"


def describe_moved(moved: Sequence[Compared]) -> str:
    """Return how metrics changed compared with the test data."""
    first, *others = (
        f"{_NAMES[one.name]} is {format_metric(one.name, one.live)} (test data {format_metric(one.name, one.test)})"
        for one in moved
    )
    listed = ", ".join([first, *(other.replace(" is ", " ", 1) for other in others)])
    return f"On labeled live days, {listed}. This is more than chance explains."


def format_metric(name: str, value: float) -> str:
    """Return a metric as its page formats it."""
    return f"{value:.3f}" if name in _PLAIN else formatting.percent(value)
