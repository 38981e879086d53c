"""Changes of the day, as sentences with a link to the page that shows more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.api.client import Json
from app.ui import formatting
from app.views.today.baseline import Rate

_MAX_RULES = 3


@dataclass(frozen=True)
class Change:
    """A sentence, and the page that shows more."""

    icon: str
    sentence: str
    page: str
    label: str
    query: dict[str, str] = field(default_factory=dict)


def find_changes(today: Json, yesterday: Json, noun: str) -> list[Change]:
    """Return the differences in today's summary, the most serious first."""
    return [*_safety(today, yesterday, noun), *_versions(today, yesterday)]


def _safety(today: Json, yesterday: Json, noun: str) -> list[Change]:
    texts = {
        "degraded": ("decided without the model, a profile or a variable", "priority_high"),
        "braked": ("sent to review instead of being blocked, because too many were blocked", "speed"),
    }
    return [
        Change(icon, f"{_many(int(today[name]), noun)} {words} ({formatting.count(yesterday[name])} yesterday).",
               "queue", f"Today's {formatting.plural(noun)}", {"outcome": "any", "label": "any", "days": "1"})
        for name, (words, icon) in texts.items()
        if today.get(name)
    ]  # fmt: skip


def _versions(today: Json, yesterday: Json) -> list[Change]:
    before = {row["detector_version"] for row in yesterday["versions"]}
    new = sorted({row["detector_version"] for row in today["versions"]} - before)
    return [
        Change("new_releases", f"Version {version} went live today.", "performance", "Results on test data")
        for version in new
    ]


def rule_changes(rates: Mapping[str, Rate], noun: str) -> list[Change]:
    """Return the rules whose match rate differs from the baseline, the largest difference first."""
    moved = [rule for rule, rate in rates.items() if rate.place in ("above", "below")]
    moved.sort(key=lambda rule: -abs(rates[rule].share - rates[rule].band.middle))
    return [
        Change("rule", _describe_rate(rule, rates[rule], noun), "rules", "Open the rule", {"rule": rule})
        for rule in moved[:_MAX_RULES]
    ]


def _describe_rate(rule: str, rate: Rate, noun: str) -> str:
    usual = formatting.span(rate.band.low, rate.band.high)
    share = formatting.percent(rate.share)
    return f"Rule {rule} matched {share} of {_many(rate.of, noun)}, {rate.place} the usual {usual}."


def _many(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{formatting.count(number)} {formatting.plural(noun)}"


def compare(now: float, before: float) -> str:
    """Return a number compared with yesterday's at the same time of day, such as ``12% more than yesterday``."""
    if before < 0.5:
        return "0 at this time yesterday"
    change = (now - before) / before
    if abs(change) < 0.005:
        return "same as yesterday"
    if change >= 2:
        return f"{now / before:.1f} times yesterday's"
    return f"{abs(change) * 100:.0f}% {'more' if change > 0 else 'less'} than yesterday"
