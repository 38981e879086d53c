"""Matches of rules on events: which matched, which of these counted, and why."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tollgate.core.events.event import Ints
from tollgate.core.rules.column_compiler import Bools
from tollgate.core.rules.rule_set import CompiledRule, RuleSet
from tollgate.core.rules.scope import Row, RuleInputs, Scope, Value, ValueKind

_MAX_SHOWN = 40
# Of an expression: what hundreds of rules say has to fit beside the decision where it is stored.
_MAX_EXPRESSION = 300


@dataclass(frozen=True)
class RuleHit:
    """A rule that matched an event."""

    rule: str
    outcome: str
    shadow: bool = field(metadata={"description": "The rule was asked and counted, and did not act."})
    expression: str = field(metadata={"description": "The rule with the event's values put in; null is a missing one."})


@dataclass(frozen=True)
class ListAnswer:
    """How a list answered."""

    list: str
    value: str | float | None
    found: bool


@dataclass(frozen=True)
class RuleAnswers:
    """What r rules said about n events.

    ``matched`` says which rules match which events, shape (r, n). ``counted`` is the same without those that were not
    reached: in FIRST_MATCHED, active rules after the first that matched. Shadow rules always count.
    """

    rules: RuleSet
    inputs: RuleInputs
    matched: Bools
    counted: Bools

    @classmethod
    def of(cls, rules: RuleSet, inputs: RuleInputs) -> RuleAnswers:
        """Ask every rule about n events."""
        matched = rules.match(inputs)
        return cls(rules, inputs, matched, _counted(rules, matched))

    def outcomes(self, by_score: Sequence[str], order: Sequence[str]) -> tuple[str, ...]:
        """Return the outcome of each event, given the one that its score has; ``order`` runs from weak to strong.

        In FIRST_MATCHED the first acting rule that matches decides, and the score where none does. In ALL_MATCHED the
        strongest of the rules' outcomes and the score's wins.
        """
        acting = [place for place, compiled in enumerate(self.rules.rules) if not compiled.rule.shadow]
        if not acting:
            return tuple(by_score)
        ranks = {name: rank for rank, name in enumerate(order)}
        if len(by_score) == 1:
            return (order[self._rank_of_one(ranks, ranks[by_score[0]])],)
        of_scores = np.fromiter(map(ranks.__getitem__, by_score), dtype=np.int64, count=len(by_score))
        return tuple(np.array(order, dtype=object)[self.ranks(of_scores, order)].tolist())

    def ranks(self, of_scores: Ints, order: Sequence[str]) -> Ints:
        """Return what `outcomes` does as places in ``order``, and take the same, shape (n,)."""
        acting = [place for place, compiled in enumerate(self.rules.rules) if not compiled.rule.shadow]
        if not acting:
            return of_scores
        if len(of_scores) == 1:
            return np.array([self._rank_of_one({name: rank for rank, name in enumerate(order)}, of_scores.item())])
        strongest = np.full(len(of_scores), -1, dtype=np.int64)
        for rank, place in sorted((order.index(self.rules.rules[place].rule.outcome), place) for place in acting):
            strongest[self.counted[place]] = rank
        if self.rules.book.mode == "ALL_MATCHED":
            return np.maximum(strongest, of_scores)
        return np.where(strongest >= 0, strongest, of_scores)

    def _rank_of_one(self, ranks: Mapping[str, int], of_score: int) -> int:
        """Return what `outcomes` does for one event: NumPy would take longer to begin than this to end."""
        hits = zip(self.rules.rules, self.counted[:, 0].tolist(), strict=True)
        found = [ranks[compiled.rule.outcome] for compiled, counts in hits if counts and not compiled.rule.shadow]
        if self.rules.book.mode == "ALL_MATCHED":
            found.append(of_score)
        return max(found, default=of_score)

    def counts(self) -> dict[str, int]:
        """Return for each rule, in the order in which they are evaluated, for how many events it counted."""
        counts = self.counted.sum(axis=1).tolist()
        return {compiled.rule.name: count for compiled, count in zip(self.rules.rules, counts, strict=True)}

    def names(self) -> list[list[str]]:
        """Return for each event the rules that counted; a shadow rule is marked as one."""
        shown = [f"{c.rule.name} (shadow)" if c.rule.shadow else c.rule.name for c in self.rules.rules]
        found: list[list[str]] = [[] for _ in range(self.counted.shape[1])]
        for place, row in zip(*(axis.tolist() for axis in np.nonzero(self.counted)), strict=True):
            found[row].append(shown[place])
        return found

    def hits(self, row: int) -> list[RuleHit]:
        """Return the rules that counted for one event."""
        places = [place for place, counts in enumerate(self.counted[:, row].tolist()) if counts]
        if not places:
            return []
        values = self.inputs.row(row, self.rules.scope, self.rules.names)
        return [self._hit(self.rules.rules[place], values) for place in places]

    def _hit(self, compiled: CompiledRule, values: Row) -> RuleHit:
        rule = compiled.rule
        return RuleHit(rule.name, rule.outcome, rule.shadow, fill_in(compiled, values, self.rules.scope))

    def lists(self, row: int) -> list[ListAnswer]:
        """Return the lookups in lists for one event, by all enabled rules; each value in a list once."""
        lookups = [lookup for compiled in self.rules.rules for lookup in compiled.lookups]
        if not lookups:
            return []
        values = self.inputs.row(row, self.rules.scope, self.rules.names)
        answers: dict[tuple[str, float | str | None], ListAnswer] = {}
        for name, value_of in lookups:
            value = value_of(values)
            found = value in self.rules.book.lists[name].values
            known = None if isinstance(value, float) and not math.isfinite(value) else value
            answers.setdefault((name, known), ListAnswer(name, known, found))
        return list(answers.values())


def _counted(rules: RuleSet, matched: Bools) -> Bools:
    if rules.book.mode == "ALL_MATCHED" or not len(matched):
        return matched
    acting = np.array([not compiled.rule.shadow for compiled in rules.rules])[:, None]
    acts = matched & acting
    earlier = np.logical_or.accumulate(acts, axis=0)
    first = acts.copy()
    first[1:] &= ~earlier[:-1]
    counted: Bools = first | (matched & ~acting)
    return counted


def fill_in(compiled: CompiledRule, values: Mapping[str, Value], scope: Scope) -> str:
    """Return a rule as it is written, with the value of each name in its place."""
    parts, at = [], 0
    for name in compiled.written:
        parts += [compiled.rule.when[at : name.place], _shown(values[name.name], scope.symbols[name.name].kind)]
        at = name.stop
    whole = "".join([*parts, compiled.rule.when[at:]])
    return whole if len(whole) <= _MAX_EXPRESSION else f"{whole[:_MAX_EXPRESSION]}…"


def _shown(value: Value, kind: ValueKind) -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN is missing
        return "null"
    if isinstance(value, str):
        cut = value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}…"
        return json.dumps(cut, ensure_ascii=False)
    if kind == "truth":
        return "true" if value == 1.0 else "false"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.9g}"
