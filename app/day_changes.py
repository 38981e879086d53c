"""What changed since yesterday, in sentences that say where to look."""

from __future__ import annotations

from dataclasses import dataclass, field

from app import wording
from app.client import Json

# A rule is told of from so many hits on either day, and where its share of the payments at least doubled or halved.
_FEWEST_HITS = 5
_MOST_RULES = 3


@dataclass(frozen=True)
class Change:
    """A sentence, and the page that has more of it."""

    icon: str
    sentence: str
    page: str
    label: str
    query: dict[str, str] = field(default_factory=dict)


def find_changes(today: Json, yesterday: Json, noun: str) -> list[Change]:
    """Return what is different in today's summary, the gravest first; how many there are is not told."""
    return [*_safety(today, yesterday, noun), *_versions(today, yesterday), *_rules(today, yesterday, noun)]


def _safety(today: Json, yesterday: Json, noun: str) -> list[Change]:
    told = {
        "degraded": ("decided without the model, a history or a variable", "priority_high"),
        "braked": ("reviewed in place of a block, as too much was blocked", "speed"),
    }
    return [
        Change(icon, f"{_many(int(today[name]), noun)} {words} ({wording.count(yesterday[name])} yesterday).",
               "queue", f"Today's {wording.plural(noun)}", {"outcome": "any", "label": "any", "days": "1"})
        for name, (words, icon) in told.items()
        if today.get(name)
    ]  # fmt: skip


def _versions(today: Json, yesterday: Json) -> list[Change]:
    before = {row["detector_version"] for row in yesterday["versions"]}
    new = sorted({row["detector_version"] for row in today["versions"]} - before)
    return [
        Change("new_releases", f"Version {version} decides since today.", "performance", "How it did on test data")
        for version in new
    ]


def _rules(today: Json, yesterday: Json, noun: str) -> list[Change]:
    now, before = _hits(today), _hits(yesterday)
    rates = {
        rule: (now.get(rule, 0) / today["decisions"], before.get(rule, 0) / yesterday["decisions"])
        for rule in {*now, *before}
        if max(now.get(rule, 0), before.get(rule, 0)) >= _FEWEST_HITS
    }
    moved = sorted(
        (rule for rule, (new, old) in rates.items() if new > 2 * old or new < old / 2),
        key=lambda rule: -abs(rates[rule][0] - rates[rule][1]),
    )
    return [
        Change(
            "rule",
            f"Rule {rule} matched {wording.percent(rates[rule][0])} of {wording.plural(noun)}, "
            f"yesterday {wording.percent(rates[rule][1])}.",
            "rules",
            "Open the rule",
            {"rule": rule},
        )
        for rule in moved[:_MOST_RULES]
    ]


def _hits(summary: Json) -> dict[str, int]:
    hits: dict[str, int] = {}
    for row in summary["rules"]:
        hits[row["rule"]] = hits.get(row["rule"], 0) + int(row["decisions"])
    return hits


def _many(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{wording.count(number)} {wording.plural(noun)}"


def compare(now: float, before: float) -> str:
    """Return how a number stands to yesterday's at the same time of day, such as ``12 % more than yesterday``."""
    if before < 0.5:
        return "none by now yesterday"
    change = (now - before) / before
    if abs(change) < 0.005:
        return "as yesterday"
    if change >= 2:
        return f"{now / before:.1f} times yesterday's"
    return f"{abs(change) * 100:.0f}\u00a0% {'more' if change > 0 else 'less'} than yesterday"
