"""Backtest of rules on past events: what each would have caught, saved and added, and whom it would have affected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tollgate.core.detectors.costs import Costs
from tollgate.core.events.event import Floats, Ints
from tollgate.core.rules.analysis.diagnosis import diagnose
from tollgate.core.rules.column_compiler import Bools
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.rules.scope import RuleInputs


@dataclass(frozen=True)
class TriedEvents:
    """n events with what they turned out to be: ``labels`` has 1 for fraud, 0 for legitimate, -1 for not labeled.

    ``weights``, shape (n,), say how many events each stands for. Without ``costs`` nothing has a price. ``by_score``
    are the places, among the book's outcomes, of what scores alone give; None where rules never weaken that.
    """

    inputs: RuleInputs
    labels: npt.NDArray[np.int8]
    weights: Floats
    costs: Costs | None
    by_score: Ints | None = None


@dataclass(frozen=True)
class Downgrades:
    """Events that a rule gives a weaker outcome than their score alone: ``events`` of the ``of`` that would have it."""

    outcome: str
    events: int
    of: int
    frauds: int


@dataclass(frozen=True)
class Hits:
    """Some events: how many, how many were fraud, how many legitimate, and what the frauds would have cost.

    ``saved`` is in the currency of the amount; None where a missed fraud has no price, or the rule approves.
    """

    events: int
    frauds: int
    legitimate: int
    saved: float | None

    @property
    def precision(self) -> float | None:
        """Share of frauds among the labeled events; None where there are none."""
        labeled = self.frauds + self.legitimate
        return self.frauds / labeled if labeled else None


@dataclass(frozen=True)
class TriedRule:
    """What one rule does on past events, alone and beyond the rules before it.

    ``disturbed`` counts the customers, those of the first entity, with a legitimate event that the rule hits, or such
    events where there is no entity; a rule that approves disturbs nobody. ``spent`` is what its hits cost under
    [costs]. ``lacking`` counts the events in which a value that the rule reads is missing. ``rows`` are the events that
    were hit themselves, whatever they stand for. ``notes`` follow the name of a rule that hits none of the events, or
    all, and say why; or name texts that never occur as they are spelled. ``downgrades`` are from each stronger outcome.
    """

    rule: Rule
    hits: Hits
    added: Hits
    disturbed: int
    spent: float | None
    lacking: int
    rows: int
    downgrades: tuple[Downgrades, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON, with the precision of the hits."""
        return asdict(self) | {"precision": self.hits.precision, "rule": self.rule.name, "outcome": self.rule.outcome}


@dataclass(frozen=True)
class RuleTrial:
    """All rules in the order in which they are evaluated, on events of which some were fraud."""

    rules: tuple[TriedRule, ...]
    events: int
    frauds: int


def as_if_acting(book: RuleBook) -> RuleBook:
    """Return a book whose rules are all enabled and active, and do not hide each other."""
    rules = tuple(replace(rule, enabled=True, shadow=False) for rule in book.rules)
    return replace(book, mode="ALL_MATCHED", rules=rules)


def count_downgrades(
    rule: Rule, decides: Bools, by_score: Ints, frauds: Bools, weights: Floats, order: Sequence[str]
) -> tuple[Downgrades, ...]:
    """Count the events that a rule ``decides``, shape (n,), by each stronger outcome that their score alone gives."""
    found = []
    for rank in range(order.index(rule.outcome) + 1, len(order)):
        of, taken = by_score == rank, decides & (by_score == rank)
        counts = (round(float(weights[rows].sum())) for rows in (taken, of, taken & frauds))
        if taken.any():
            found.append(Downgrades(order[rank], *counts))
    return tuple(found)


def describe_downgrades(rule: Rule, found: Sequence[Downgrades]) -> tuple[str, ...]:
    """Return sentences that follow the name of a rule, the strongest outcome first."""
    return tuple(
        f"downgrades {one.events:,} of {one.of:,} events from {one.outcome} to {rule.outcome}, "
        f"{one.frauds:,} of them fraud; if you do not want that, limit the score in the rule, "
        'or set rules_mode = "ALL_MATCHED".'
        for one in reversed(found)
    )


def try_rules(rules: RuleSet, events: TriedEvents) -> RuleTrial:
    """Ask rules about past events, each on all of them; what a rule adds are hits that no rule before it has.

    Raises `DetectorFileError` where a fraud costs its amount and there are no amounts.
    """
    matched, lacking = rules.match(events.inputs), rules.lacking(events.inputs)
    notes = diagnose(rules, events.inputs, matched)
    counted = _Counted(events, rules.book.order)
    before = np.zeros(len(events.labels), dtype=bool)
    found = []
    for place, compiled in enumerate(rules.rules):
        tried = counted.measure(compiled.rule, matched[place], before, lacking[place])
        found.append(replace(tried, notes=(*describe_downgrades(compiled.rule, tried.downgrades), *notes[place])))
        before |= matched[place]
    return RuleTrial(tuple(found), counted.count(np.ones_like(before)), counted.count(events.labels == 1))


class _Counted:
    """Counts hits over the same events, rule by rule."""

    def __init__(self, events: TriedEvents, order: tuple[str, ...]) -> None:
        past = events.inputs.events
        self._fraud, self._legitimate = events.labels == 1, events.labels == 0
        self._weights, self._costs, self._order = events.weights, events.costs, order
        self._by_score = events.by_score
        costs = events.costs
        self._losses = None if costs is None else costs.losses(self._fraud, past.amounts) * events.weights
        entities = list(past.entities.values())
        self._customers = entities[0].codes if entities else np.arange(len(past))

    def measure(self, rule: Rule, matched: Bools, before: Bools, lacking: Bools) -> TriedRule:
        approves = rule.outcome == self._order[0]
        return TriedRule(
            rule=rule,
            hits=self._hits(matched, approves=approves),
            added=self._hits(matched & ~before, approves=approves),
            disturbed=0 if approves else self._customers_of(matched & self._legitimate),
            spent=None if self._costs is None or approves else self._spend(rule, matched, self._costs),
            lacking=self.count(lacking),
            rows=int(matched.sum()),
            downgrades=self._downgrades(rule, matched),
        )

    def _downgrades(self, rule: Rule, matched: Bools) -> tuple[Downgrades, ...]:
        if self._by_score is None:
            return ()
        return count_downgrades(rule, matched, self._by_score, self._fraud, self._weights, self._order)

    def count(self, rows: Bools) -> int:
        return round(float(self._weights[rows].sum()))

    def _hits(self, rows: Bools, *, approves: bool) -> Hits:
        losses = self._losses
        saved = None if losses is None or approves else round(float(losses[rows].sum()), 2)
        return Hits(self.count(rows), self.count(rows & self._fraud), self.count(rows & self._legitimate), saved)

    def _customers_of(self, rows: Bools) -> int:
        """Count distinct customers; one who stands for others counts as many as the heaviest event says.

        Where rows are drawn by chance that is too many rather than too few: of a customer with many events, more than
        one may have been drawn.
        """
        rows = rows & (self._customers >= 0)
        heaviest = np.zeros(int(np.max(self._customers, initial=-1)) + 1)
        np.maximum.at(heaviest, self._customers[rows], self._weights[rows])
        return round(float(heaviest.sum()))

    def _spend(self, rule: Rule, matched: Bools, costs: Costs) -> float:
        """Return what the hits cost: the strongest outcome blocks, any other between is a review."""
        if rule.outcome == self._order[-1]:
            return round(self.count(matched & self._legitimate) * costs.blocked_legitimate, 2)
        return round(self.count(matched) * costs.review, 2)
