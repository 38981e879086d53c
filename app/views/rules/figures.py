"""Rule results over some days: hits, fraud, money saved, and overlaps between rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.api.client import Json


@dataclass(frozen=True)
class RuleFigures:
    """Payments matched by one rule.

    ``saved`` is the amount of fraud among them that was not approved; for a shadow rule, of the fraud that was
    approved and that the rule would have stopped.
    """

    hits: int = 0
    frauds: int = 0
    legitimate: int = 0
    saved: float = 0.0

    @property
    def precision(self) -> float | None:
        """Share of fraud among the labeled hits; None if no hit is labeled."""
        labelled = self.frauds + self.legitimate
        return self.frauds / labelled if labelled else None


def read_figures(days: Iterable[Json], weakest: str) -> dict[str, RuleFigures]:
    """Return the figures of each rule that hit anything, by its name; ``weakest`` is the weakest outcome."""
    found: dict[str, RuleFigures] = {}
    for tally in (tally for day in days for tally in day.get("rules") or ()):
        known, number = found.get(tally["rule"], RuleFigures()), int(tally["decisions"])
        is_fraud = tally["label"] == "fraud"
        counts = is_fraud and (tally["outcome"] == weakest) is bool(tally["shadow"])
        found[tally["rule"]] = RuleFigures(
            hits=known.hits + number,
            frauds=known.frauds + number * is_fraud,
            legitimate=known.legitimate + number * (tally["label"] == "legitimate"),
            saved=known.saved + float(tally["amount"]) * counts,
        )
    return found


def read_overlaps(days: Iterable[Json], rule: str) -> Sequence[tuple[str, int]]:
    """Return the other rules that hit payments which ``rule`` hit too, with how many of them, the most first."""
    both: Counter[str] = Counter()
    for tally in (tally for day in days for tally in day.get("overlaps") or ()):
        first, second = tally["rules"]
        if rule in (first, second):
            both[second if rule == first else first] += int(tally["decisions"])
    return both.most_common()
