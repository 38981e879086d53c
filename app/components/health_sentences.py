"""Sentences on model health, for every page that shows money at risk or live figures."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.detector import Detector
from app.components.model_health import Calibration, Compared
from app.ui import formatting

_NAMES = {
    "Alert rate": "the share of alerts by score",
    "Precision": "precision",
    "Average precision": "average precision",
}
_PLAIN = {"Average precision"}


def say_calibration(found: Calibration, detector: Detector) -> str:
    """Return how far money at risk was from the fraud that came, and what that rests on."""
    came, expected = (formatting.money(amount, detector.currency) for amount in (found.observed, found.predicted))
    chance = " So few may come to this by chance." if found.may_be_chance else ""
    part = " that were not blocked" if found.without_blocked else ""
    return (
        f"Money at risk is {say_ratio(found)}: {expected} was predicted and {came} of fraud came, in {found.frauds} "
        f"frauds of {found.days} labelled days{part}.{chance}"
    )


def say_ratio(found: Calibration) -> str:
    """Return a factor such as ``too low by 3.1 times``, or that it is about right."""
    if not found.is_off:
        return "about right"
    if not found.predicted:
        return "too low"
    factor = max(found.ratio, 1 / found.ratio)
    return f"too {'low' if found.ratio > 1 else 'high'}, {factor:.1f} times" if factor < 100 else "far too low"


def say_moved(moved: Sequence[Compared]) -> str:
    """Return how figures moved since the test data."""
    first, *others = (
        f"{_NAMES[one.name]} is {say_figure(one.name, one.live)} (test data {say_figure(one.name, one.test)})"
        for one in moved
    )
    listed = ", ".join([first, *(other.replace(" is ", " ", 1) for other in others)])
    return f"On labelled live days {listed}: more than chance explains."


def say_figure(name: str, value: float) -> str:
    """Return a figure as its page writes it."""
    return f"{value:.3f}" if name in _PLAIN else formatting.percent(value)
