"""Diagnosis of a rule that hits no event, or every one: which comparison is to blame, and which values occur."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tollgate.core.events.event import Keys
from tollgate.core.rules.analysis.comparisons import ComparisonExplainer, Rows
from tollgate.core.rules.analysis.spelling import Spelling
from tollgate.core.rules.column_compiler import Bools, compile_on_columns
from tollgate.core.rules.formatting import join_words, write_node, write_value
from tollgate.core.rules.operators import EQUAL, UNEQUAL
from tollgate.core.rules.rule_set import CompiledRule, RuleSet
from tollgate.core.rules.scope import Columns, RuleInputs
from tollgate.core.rules.syntax import Both, Compare, Either, In, ListName, Name, Node, Not, Text, Truth, children
from tollgate.core.times.timestamps import write_second

MAX_NOTES = 5


def diagnose(rules: RuleSet, inputs: RuleInputs, matched: Bools) -> tuple[tuple[str, ...], ...]:
    """Return sentences about each rule, given which of n events it matched, shape (r, n); most rules have none."""
    columns = inputs.columns(rules.scope, rules.names)
    with np.errstate(all="ignore"):
        return tuple(
            tuple(_Diagnosis(rules, columns, len(inputs.scores)).sentences(compiled, inputs, found))[:MAX_NOTES]
            for compiled, found in zip(rules.rules, matched, strict=True)
        )


class _Diagnosis:
    def __init__(self, rules: RuleSet, columns: Columns, n: int) -> None:
        self._rules, self._columns, self._n = rules, columns, n
        self._explainer = ComparisonExplainer(rules.scope, rules.book.lists, columns)

    def sentences(self, compiled: CompiledRule, inputs: RuleInputs, matched: Bools) -> Iterator[str]:
        if not self._n or compiled.node == Truth(True):
            return
        everywhere = Rows(np.ones(self._n, dtype=bool))
        if matched.all():
            for said in self._never(compiled.node, False, everywhere):
                yield f"matches every event: {_end(said)}"
        elif not matched.any():
            yield from self._say_never(compiled, inputs, everywhere)
        else:
            yield from self._misspelled(compiled.node)

    def _say_never(self, compiled: CompiledRule, inputs: RuleInputs, everywhere: Rows) -> Iterator[str]:
        expires_us = compiled.rule.expires_us
        if self._truth(compiled.node).any() and expires_us is not None:
            first = write_second(int(np.min(inputs.events.times_us)) / 1e6)
            expired = write_second(expires_us / 1e6)
            yield f"never matches: it expired at {expired}, before the first of these events at {first}."
            return
        for said in self._never(compiled.node, True, everywhere):
            yield f"never matches: {_end(said)}"

    def _truth(self, node: Node) -> Bools:
        return compile_on_columns(node, self._rules.scope, self._rules.book.lists)(self._columns, self._n)

    def _never(self, node: Node, wanted: bool, rows: Rows) -> list[str]:
        """Say why a condition that is never ``wanted`` in some rows is not."""
        if isinstance(node, Not):
            return self._never(node.operand, not wanted, rows)
        if isinstance(node, Both | Either):
            if isinstance(node, Both) is not wanted:
                return [said for part in node.parts for said in self._never(part, wanted, rows)]
            return self._never_together(node.parts, wanted, rows)
        return [self._explainer.leaf(node, wanted, rows)]

    def _never_together(self, parts: Sequence[Node], wanted: bool, rows: Rows) -> list[str]:
        found = [(self._truth(part) == wanted) & rows.mask for part in parts]
        alone = [part for part, its in zip(parts, found, strict=True) if not its.any()]
        if alone:
            return [said for part in alone for said in self._never(part, wanted, rows)]
        # Which of them would have to go, so that the others hit the most.
        rest = [_all_but(found, place) for place in range(len(parts))]
        most = max(range(len(parts)), key=lambda place: int(rest[place].sum()))
        if rest[most].any():
            others = [_said(part, wanted) for place, part in enumerate(parts) if place != most]
            return self._never(parts[most], wanted, Rows(rest[most], f" where {join_words(others)}"))
        counted = [f"{_said(part, wanted)} for {its.sum():,}" for part, its in zip(parts, found, strict=True)]
        return [f"no event meets all conditions at once; of {rows.mask.sum():,} events, {join_words(counted)}"]

    def _misspelled(self, node: Node) -> Iterator[str]:
        """Yield what is never true in a rule that hits otherwise, only because a text is spelled in another way."""
        for question, literals in _text_literals(node, self._rules):
            column = self._columns[question.name]
            spelling = Spelling(column.values if isinstance(column, Keys) else ())
            for literal in literals:
                meant = spelling.same(literal)
                if meant is not None:
                    compared = f"{write_node(question)} with {write_value(literal)}"
                    yield f"compares {compared}, which never occurs; did you mean {write_value(meant)}?"


def _end(sentence: str) -> str:
    return sentence if sentence.endswith("?") else f"{sentence}."


def _all_but(found: Sequence[Bools], left_out: int) -> Bools:
    kept: Bools = np.all([its for place, its in enumerate(found) if place != left_out], axis=0)
    return kept


def _said(part: Node, wanted: bool) -> str:
    return write_node(part if wanted else Not(part))


def _text_literals(node: Node, rules: RuleSet) -> Iterator[tuple[Name, Sequence[str]]]:
    """Yield the columns of text that a rule compares, and with which texts."""
    if isinstance(node, Compare):
        for name, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(name, Name) and isinstance(other, Text) and node.operator in (EQUAL, UNEQUAL):
                yield name, [other.value]
    elif isinstance(node, In) and isinstance(node.value, Name):
        members = node.members
        values = rules.book.lists[members.name].values if isinstance(members, ListName) else members.values
        yield node.value, sorted(value for value in values if isinstance(value, str))
    for child in children(node):
        yield from _text_literals(child, rules)
