"""Satisfiability of several conditions: if they are found impossible together, no event can meet them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from tollgate.core.rules.analysis.ranges import Range, range_of
from tollgate.core.rules.operators import EQUAL, UNEQUAL, Operator
from tollgate.core.rules.row_compiler import compile_value
from tollgate.core.rules.scope import Scope
from tollgate.core.rules.syntax import (
    Both,
    Compare,
    Either,
    In,
    Name,
    Node,
    Not,
    Null,
    Values,
    list_lookups,
    names,
    read_both_ways,
)

# Beyond these nothing is claimed: the search is exponential in the worst case.
_MAX_BRANCHES = 2_000
_MAX_CHOICES = 200
# And of all searches in a set of rules together, in conditions looked at: some seconds.
_MAX_LOOKED_AT = 4_000_000
Claim = tuple[Node, bool]


@dataclass
class SearchBudget:
    """How many conditions may still be looked at, for all searches that share it."""

    left: int = _MAX_LOOKED_AT


def is_impossible(claims: Iterable[Claim], scope: Scope, budget: SearchBudget) -> bool:
    """Return whether no event can make each node as true or false as it is claimed to be."""
    return judge(claims, scope, budget) == "impossible"


def judge(claims: Iterable[Claim], scope: Scope, budget: SearchBudget) -> Literal["impossible", "possible", "unknown"]:
    """Say what is found of claims; "possible" is no proof, but no part of the claims will be found impossible then.

    "unknown": there were too many choices to go through, or ``budget`` is used up.
    """
    search = _Search(scope, budget)
    if not search.possible(list(claims), [], _Known(), 0):
        return "impossible"
    return "unknown" if search.gave_up else "possible"


@dataclass(frozen=True)
class _Known:
    """What holds so far: a range for each variable, and the truth of conditions that are not looked into."""

    ranges: dict[str, Range] = field(default_factory=dict)
    facts: dict[Node, bool] = field(default_factory=dict)


class _Search:
    """Takes claims apart, the choices between several last, until a variable has no value left on every branch."""

    def __init__(self, scope: Scope, budget: SearchBudget) -> None:
        self._scope = scope
        self._budget = budget
        self._branches = 0
        self.gave_up = False

    def possible(self, claims: list[Claim], open_choices: list[list[Claim]], known: _Known, depth: int) -> bool:
        """Return whether all claims, and one of each choice, may hold together with what is known."""
        self._budget.left -= len(known.ranges) + len(known.facts) + len(open_choices)
        known = _Known(dict(known.ranges), dict(known.facts))
        waiting, choices = list(claims), list(open_choices)
        while waiting:
            self._budget.left -= 1
            node, wanted = waiting.pop()
            if isinstance(node, Not):
                waiting.append((node.operand, not wanted))
            elif isinstance(node, Both | Either):
                parts = [(part, wanted) for part in node.parts]
                if isinstance(node, Both) is wanted:
                    waiting.extend(parts)
                else:
                    choices.append(parts)
            elif not self._claim(node, wanted, known):
                return False
        if not choices:
            return True
        self._branches += 1
        too_many = self._branches > _MAX_BRANCHES or depth + len(choices) > _MAX_CHOICES
        if too_many or self._budget.left <= 0:
            self.gave_up = True
            return True
        place = min(range(len(choices)), key=lambda at: len(choices[at]))
        others = choices[:place] + choices[place + 1 :]
        return any(self.possible([part], others, known, depth + 1) for part in choices[place])

    def _claim(self, node: Node, wanted: bool, known: _Known) -> bool:
        """Add one condition to what is known; return False where it contradicts."""
        value = self._constant(node)
        if value is not None:
            return bool(value) is wanted
        if isinstance(node, Name):
            return self._narrow(node.name, EQUAL, 1.0, wanted, known)
        if isinstance(node, Compare):
            return self._claim_comparison(node, wanted, known)
        assert isinstance(node, In)
        return self._claim_in(node, wanted, known)

    def _claim_comparison(self, node: Compare, wanted: bool, known: _Known) -> bool:
        for variable, other, operator in read_both_ways(node):
            if not isinstance(variable, Name):
                continue
            if isinstance(other, Null):
                found = self._range(variable.name, known)
                is_null = (operator is EQUAL) is wanted
                return _keep(variable.name, found.unknown() if is_null else found.known(), known)
            constant = self._constant(other)
            if constant is not None and constant != constant:  # noqa: PLR0124 - NaN, which only differs
                return operator.if_missing is wanted
            if constant is not None:
                return self._narrow(variable.name, operator, constant, wanted, known)
        if node.operator is UNEQUAL:
            return _note(replace(node, operator=EQUAL), not wanted, known)
        return _note(node, wanted, known)

    def _claim_in(self, node: In, wanted: bool, known: _Known) -> bool:
        if not isinstance(node.value, Name):
            return _note(node, wanted, known)
        found = self._range(node.value.name, known)
        if isinstance(node.members, Values):
            values: frozenset[float | str] = frozenset((*node.members.values,))
            return _keep(node.value.name, found.among(values) if wanted else found.outside(values), known)
        return _note(node, wanted, known) and (not wanted or _keep(node.value.name, found.known(), known))

    def _narrow(self, name: str, operator: Operator, constant: float | str, wanted: bool, known: _Known) -> bool:
        found = self._range(name, known)
        left = found.narrowed(operator, constant) if wanted else found.widened(operator, constant)
        return _keep(name, left, known)

    def _range(self, name: str, known: _Known) -> Range:
        return known.ranges.get(name, range_of(self._scope.symbols[name]))

    def _constant(self, node: Node) -> float | str | None:
        """Return the value of a node that is the same for every event; None for others."""
        if isinstance(node, Null) or names(node) or list_lookups(node):
            return None
        return compile_value(node, self._scope, {})({})


def _keep(name: str, left: Range, known: _Known) -> bool:
    known.ranges[name] = left
    return not left.is_empty


def _note(node: Node, wanted: bool, known: _Known) -> bool:
    return known.facts.setdefault(node, wanted) is wanted
