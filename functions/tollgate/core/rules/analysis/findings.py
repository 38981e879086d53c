"""Findings about rules that cannot have been meant: made when a detector is loaded, before any event is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from tollgate.core.rules.analysis.impossible import describe_impossible
from tollgate.core.rules.analysis.satisfiability import SearchBudget, is_impossible, judge
from tollgate.core.rules.rule import Rule, RuleBook, in_order
from tollgate.core.rules.scope import Scope
from tollgate.core.rules.syntax import Node, Truth
from tollgate.core.rules.type_check import read_rule
from tollgate.errors import RuleError

FindingKind = Literal["unreadable", "never_matches", "never_reached", "always_matches", "no_effect", "odd_comparison"]


@dataclass(frozen=True)
class Finding:
    """What is wrong or odd about a rule. An "error" refuses the detector, a "warning" is told.

    ``place`` is the character of the expression that an unreadable rule stumbles over, 0 for what concerns all of it.
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
    """Return what is wrong or odd about rules: those that cannot be read first, switched off or not.

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
    """Return what is odd about the rules that are switched on, in the order in which they are asked.

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
    reason = next(describe_impossible(node, scope), "no event fulfils it")
    return Finding(rule, "error", "never_matches", f"can never match: {reason}")


def _odd_comparison(rule: Rule, node: Node, scope: Scope) -> Finding | None:
    reason = next(describe_impossible(node, scope), None)
    return None if reason is None else Finding(rule, "warning", "odd_comparison", f"is odd: {reason}")


def _always_matches(rule: Rule, node: Node, scope: Scope, budget: SearchBudget) -> Finding | None:
    if isinstance(node, Truth) or not is_impossible([(node, False)], scope, budget):
        return None
    return Finding(rule, "warning", "always_matches", "always matches; if that is meant, write true")


def _never_reached(
    rule: Rule, node: Node, before: Sequence[tuple[Rule, Node]], book: RuleBook, scope: Scope, budget: SearchBudget
) -> Finding | None:
    if book.mode != "FIRST_MATCHED" or rule.shadow:
        return None
    earlier = [(other, its) for other, its in before if _outlasts(other, rule)]
    hidden = _what_hides(node, earlier, scope, budget)
    return Finding(rule, "error", "never_reached", f"can never be reached: {hidden}") if hidden else None


def _what_hides(node: Node, before: Sequence[tuple[Rule, Node]], scope: Scope, budget: SearchBudget) -> str | None:
    """Say which rules before it always match where ``node`` does; None where an event may come to it."""
    together = judge([(node, True), *((its, False) for _, its in before)], scope, budget)
    # Where all of them together leave room for an event, each of them does: one question in place of many.
    for earlier, its in before if together != "possible" else ():
        if is_impossible([(node, True), (its, False)], scope, budget):
            return f'the rule "{earlier.name}" before it matches first'
    return "one of the rules before it always matches first" if together == "impossible" else None


def _outlasts(earlier: Rule, later: Rule) -> bool:
    if earlier.expires_us is None:
        return True
    return later.expires_us is not None and later.expires_us <= earlier.expires_us


def _without_effect(rule: Rule, book: RuleBook, weakest: str) -> Finding | None:
    if book.mode == "FIRST_MATCHED" or rule.outcome != weakest or rule.shadow:
        return None
    message = f"has no effect: in ALL_MATCHED the strongest outcome wins, and {weakest} is the weakest"
    return Finding(rule, "warning", "no_effect", message)
