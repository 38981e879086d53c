"""Findings about rules that nobody can have intended, made when a detector is read, before it scores any event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tollgate.core.rules.analysis.ranges import range_of
from tollgate.core.rules.analysis.satisfiability import SearchBudget, is_impossible, judge
from tollgate.core.rules.formatting import write_node, write_value
from tollgate.core.rules.operators import EQUAL, Operator
from tollgate.core.rules.rule import Rule, RuleBook, in_order
from tollgate.core.rules.scope import Scope, Symbol
from tollgate.core.rules.syntax import (
    Compare,
    In,
    Name,
    Node,
    Number,
    Text,
    Truth,
    Values,
    children,
    read_both_ways,
)
from tollgate.core.rules.type_check import read_rule
from tollgate.errors import RuleError

FindingKind = Literal["unreadable", "never_matches", "never_reached", "always_matches", "no_effect", "odd_comparison"]

_CAN_BE = {
    "hour": "hour is a whole number from 0 to 23; for parts of an hour write hour_exact",
    "hour_exact": "hour_exact runs from 0 to below 24",
    "weekday": "weekday is a whole number from 0 (Monday) to 6",
    "score": "score is a whole number from 0 to 1000",
    "latitude": "a latitude lies between -90 and 90",
    "longitude": "a longitude lies between -180 and 180",
    "category": "texts have no blanks around them, and an empty text is missing: write == null",
    "entity": "texts have no blanks around them, and an empty text is missing: write == null",
}
# Of these, a fraction in a bound says that something else was intended.
_WHOLE = ("hour", "weekday")


@dataclass(frozen=True)
class Finding:
    """What is wrong or odd about a rule. An "error" rejects the detector, a "warning" is shown.

    ``place`` is the character of the expression at which an unreadable rule has its mistake, 0 for other findings.
    """

    rule: Rule
    severity: Literal["error", "warning"]
    kind: FindingKind
    message: str
    place: int = 0

    def __str__(self) -> str:
        """Return the finding with the name of its rule."""
        return f'rule "{self.rule.name}"{":" if self.kind == "unreadable" else ""} {self.message}'


def check_book(book: RuleBook, scope: Scope) -> tuple[Finding, ...]:
    """Return what is wrong or odd about rules: those that cannot be read first, disabled or not.

    The others are looked at as if the unreadable ones were not there. ``book.order`` names the outcomes.
    """
    unreadable = tuple(finding for rule in book.rules for finding in _try_to_read(rule, scope))
    lost = {finding.rule.name for finding in unreadable}
    readable = replace(book, rules=tuple(rule for rule in book.rules if rule.name not in lost))
    return unreadable + find_oddities(readable, scope, book.order[0])


def _try_to_read(rule: Rule, scope: Scope) -> Iterator[Finding]:
    try:
        read_rule(rule.when, scope)
    except RuleError as error:
        yield Finding(rule, "error", "unreadable", str(error), error.place)


def find_oddities(book: RuleBook, scope: Scope, weakest: str) -> tuple[Finding, ...]:
    """Return what is odd about the enabled rules, in the order in which they are evaluated.

    Nothing is found that is not so; not everything that is so is found. ``weakest`` is the weakest outcome. Raises
    `RuleError` for a rule that cannot be read.
    """
    found: list[Finding] = []
    before: list[tuple[Rule, Node]] = []
    alone, together = SearchBudget(), SearchBudget()
    for rule in in_order(book.rules):
        node = read_rule(rule.when, scope)
        finding = (
            _never_matches(rule, node, scope, alone)
            or _never_reached(rule, node, before, book, scope, together)
            or _always_matches(rule, node, scope, alone)
            or _without_effect(rule, book, weakest)
            or _odd_comparison(rule, node, scope)
        )
        if finding:
            found.append(finding)
        if not rule.shadow:
            before.append((rule, node))
    return tuple(found)


def _never_matches(rule: Rule, node: Node, scope: Scope, budget: SearchBudget) -> Finding | None:
    if not is_impossible([(node, True)], scope, budget):
        return None
    reason = next(_describe_odd(node, scope), "no event meets its conditions")
    return Finding(rule, "error", "never_matches", f"can never match: {reason}")


def _odd_comparison(rule: Rule, node: Node, scope: Scope) -> Finding | None:
    reason = next(_describe_odd(node, scope), None)
    return None if reason is None else Finding(rule, "warning", "odd_comparison", f"is odd: {reason}")


def _always_matches(rule: Rule, node: Node, scope: Scope, budget: SearchBudget) -> Finding | None:
    if isinstance(node, Truth) or not is_impossible([(node, False)], scope, budget):
        return None
    return Finding(rule, "warning", "always_matches", "always matches; if you want that, write true")


def _never_reached(
    rule: Rule, node: Node, before: Sequence[tuple[Rule, Node]], book: RuleBook, scope: Scope, budget: SearchBudget
) -> Finding | None:
    if book.mode != "FIRST_MATCHED" or rule.shadow:
        return None
    earlier = [(other, its) for other, its in before if _outlasts(other, rule)]
    hidden = _what_hides(node, earlier, scope, budget)
    return Finding(rule, "error", "never_reached", f"can never be reached: {hidden}") if hidden else None


def _what_hides(node: Node, before: Sequence[tuple[Rule, Node]], scope: Scope, budget: SearchBudget) -> str | None:
    """Say which rules before it always match where ``node`` does; None where an event may reach it."""
    together = judge([(node, True), *((its, False) for _, its in before)], scope, budget)
    # Where all of them together leave room for an event, each of them does: one question in place of many.
    for earlier, its in before if together != "possible" else ():
        if is_impossible([(node, True), (its, False)], scope, budget):
            return f'the earlier rule "{earlier.name}" always matches first'
    return "one of the earlier rules always matches first" if together == "impossible" else None


def _outlasts(earlier: Rule, later: Rule) -> bool:
    if earlier.expires_us is None:
        return True
    return later.expires_us is not None and later.expires_us <= earlier.expires_us


def _without_effect(rule: Rule, book: RuleBook, weakest: str) -> Finding | None:
    if book.mode == "FIRST_MATCHED" or rule.outcome != weakest or rule.shadow:
        return None
    message = f"has no effect: in ALL_MATCHED the strongest outcome wins, and {weakest} is the weakest"
    return Finding(rule, "warning", "no_effect", message)


def _describe_odd(node: Node, scope: Scope) -> Iterator[str]:
    """Yield a sentence on each comparison of a rule that is never true, or that nobody can have intended."""
    if isinstance(node, Compare):
        for name, other, operator in read_both_ways(node):
            if isinstance(name, Name) and isinstance(other, Number | Text):
                yield from _describe(node, name, operator, other, scope)
    elif isinstance(node, In) and isinstance(node.value, Name) and isinstance(node.members, Values):
        values: list[float | str] = sorted(node.members.values)
        for value in values:
            literal = Text(value) if isinstance(value, str) else Number(value)
            yield from _describe(Compare(EQUAL, node.value, literal), node.value, EQUAL, literal, scope)
    for child in children(node):
        yield from _describe_odd(child, scope)


def _describe(node: Compare, name: Name, operator: Operator, literal: Number | Text, scope: Scope) -> Iterator[str]:
    symbol, value, effect = scope.symbols[name.name], literal.value, operator.effect
    if effect in ("equal", "unequal"):
        if range_of(symbol).narrowed(EQUAL, value).is_empty:
            yield f"{write_node(node)} is {'never' if effect == 'equal' else 'always'} true: {_CAN_BE[symbol.source]}"
        elif _fades(symbol, value):
            yield (
                f"{write_node(node)} is {'hardly ever' if effect == 'equal' else 'nearly always'} true: {name.name} is "
                "computed with a fraction; compare it by < and >"
            )
    elif range_of(symbol).narrowed(operator, value).is_empty:
        yield f"{write_node(node)} is never true: {_CAN_BE[symbol.source]}"
    elif effect and symbol.source in _WHOLE and isinstance(value, float) and not value.is_integer():
        yield f"{write_node(node)} compares {name.name} with {write_value(value)}: {_CAN_BE[symbol.source]}"


def _fades(symbol: Symbol, value: float | str) -> bool:
    """Return whether a feature is hardly ever just ``value``: sums fade, so only those of nobody are whole, 0."""
    return symbol.source == "feature" and value != 0
