"""Rules that cannot have been meant: found when a detector is loaded, before any event is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tollgate.core.rules.checking import read_rule
from tollgate.core.rules.possible import is_impossible, judge
from tollgate.core.rules.rule import Rule, RuleBook, in_order
from tollgate.core.rules.scope import Scope
from tollgate.core.rules.syntax import Node, Truth


@dataclass(frozen=True)
class Finding:
    """What is odd about a rule. An "error" refuses the detector, a "warning" is told. ``message`` follows its name."""

    rule: Rule
    severity: Literal["error", "warning"]
    message: str


def find_oddities(book: RuleBook, scope: Scope, weakest: str) -> tuple[Finding, ...]:
    """Return what is odd about the rules that are switched on, in the order in which they are asked.

    Nothing is found that is not so; not everything that is so is found. ``weakest`` is the weakest outcome. Raises
    `RuleError` for a rule that cannot be read.
    """
    found: list[Finding] = []
    before: list[tuple[Rule, Node]] = []
    for rule in in_order(book.rules):
        node = read_rule(rule.when, scope)
        finding = _look_at(rule, node, before, book, scope) or _without_effect(rule, book, weakest)
        if finding:
            found.append(finding)
        if not rule.shadow:
            before.append((rule, node))
    return tuple(found)


def _look_at(
    rule: Rule, node: Node, before: Sequence[tuple[Rule, Node]], book: RuleBook, scope: Scope
) -> Finding | None:
    if is_impossible([(node, True)], scope):
        return Finding(rule, "error", "can never match: no event fulfils it")
    if book.mode == "FIRST_MATCHED" and not rule.shadow:
        hidden = _what_hides(node, [(earlier, its) for earlier, its in before if _outlasts(earlier, rule)], scope)
        if hidden:
            return Finding(rule, "error", f"can never be reached: {hidden}")
    if not isinstance(node, Truth) and is_impossible([(node, False)], scope):
        return Finding(rule, "warning", "always matches; if that is meant, write true")
    return None


def _what_hides(node: Node, before: Sequence[tuple[Rule, Node]], scope: Scope) -> str | None:
    """Say which rules before it always match where ``node`` does; None where an event may come to it."""
    together = judge([(node, True), *((its, False) for _, its in before)], scope)
    # Where all of them together leave room for an event, each of them does: one question in place of many.
    for earlier, its in before if together != "possible" else ():
        if is_impossible([(node, True), (its, False)], scope):
            return f'the rule "{earlier.name}" before it matches first'
    return "one of the rules before it always matches first" if together == "impossible" else None


def _outlasts(earlier: Rule, later: Rule) -> bool:
    if earlier.expires_us is None:
        return True
    return later.expires_us is not None and later.expires_us <= earlier.expires_us


def _without_effect(rule: Rule, book: RuleBook, weakest: str) -> Finding | None:
    if book.mode == "FIRST_MATCHED" or rule.outcome != weakest or rule.shadow:
        return None
    return Finding(
        rule, "warning", f"has no effect: in ALL_MATCHED the strongest outcome wins, and {weakest} is the weakest"
    )
