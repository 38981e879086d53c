"""Rule set of a detector: each rule compiled once, ready to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tollgate.core.events.event import Keys
from tollgate.core.events.event_type import EventType
from tollgate.core.features.feature import Feature
from tollgate.core.rules.column_compiler import Bools, compile_on_columns
from tollgate.core.rules.parser import parse
from tollgate.core.rules.row_compiler import Condition, compile_on_one, compile_value
from tollgate.core.rules.rule import Rule, RuleBook, in_order
from tollgate.core.rules.scope import Columns, Row, RuleInputs, Scope, Value, scope_of
from tollgate.core.rules.syntax import ListName, Name, Node, list_lookups, names
from tollgate.core.rules.type_check import read_rule
from tollgate.core.rules.value_lists import Lists
from tollgate.errors import RuleError


@dataclass(frozen=True)
class CompiledRule:
    """A rule in both of its forms, which answer alike; ``names`` are those that it reads, each once.

    ``written`` are the same names as often as they are written.
    """

    rule: Rule
    node: Node
    names: tuple[str, ...]
    written: tuple[Name, ...]
    on_columns: Callable[[Columns, int], Bools]
    on_one: Condition
    lookups: tuple[tuple[str, Callable[[Row], Value]], ...]


@dataclass(frozen=True)
class RuleSet:
    """The enabled rules, in the order in which they are evaluated: r of them.

    ``names`` are all names that they read, each once.
    """

    book: RuleBook
    scope: Scope
    rules: tuple[CompiledRule, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, book: RuleBook, event_type: EventType, features: Sequence[Feature]) -> RuleSet:
        """Compile the rules of a detector; raise `RuleError` for one that cannot be read."""
        kinds = {name: members.kind for name, members in book.lists.items()}
        scope = scope_of(event_type, features, kinds, whole_hours=book.whole_hours)
        rules = tuple(_compile(rule, scope, book.lists) for rule in in_order(book.rules))
        return cls(book, scope, rules, tuple(dict.fromkeys(name for compiled in rules for name in compiled.names)))

    @property
    def may_downgrade(self) -> bool:
        """Whether a rule can give an event a weaker outcome than its score: not where the strongest outcome wins."""
        return self.book.mode == "FIRST_MATCHED" and any(not compiled.rule.shadow for compiled in self.rules)

    def with_lists(self, lists: Lists) -> RuleSet:
        """Return the same rules with other values in some of their lists; a list that they do not have is left out."""
        known = {name: lists.get(name, members) for name, members in self.book.lists.items()}
        if known == self.book.lists:
            return self
        rules = tuple(_compile(compiled.rule, self.scope, known) for compiled in self.rules)
        return replace(self, book=replace(self.book, lists=known), rules=rules)

    def columns_looked_up(self, name: str) -> tuple[str, ...]:
        """Return the columns whose values rules look for in a list, disabled or not."""
        return columns_looked_up(name, (rule.when for rule in self.book.rules))

    def match(self, inputs: RuleInputs) -> Bools:
        """Return which rules match which of n events, shape (r, n); an expired rule matches none."""
        n = len(inputs.scores)
        if n == 1:
            return self._match_one(inputs)
        columns = inputs.columns(self.scope, self.names)
        matched = np.empty((len(self.rules), n), dtype=bool)
        # IEEE 754 has an answer to everything, of which NumPy would warn.
        with np.errstate(all="ignore"):
            for place, compiled in enumerate(self.rules):
                matched[place] = compiled.on_columns(columns, n)
                if compiled.rule.expires_us is not None:
                    matched[place] &= inputs.events.times_us < compiled.rule.expires_us
        return matched

    def _match_one(self, inputs: RuleInputs) -> Bools:
        row = inputs.row(0, self.scope, self.names)
        time_us = int(inputs.events.times_us[0])
        found = [
            compiled.on_one(row) and (compiled.rule.expires_us is None or time_us < compiled.rule.expires_us)
            for compiled in self.rules
        ]
        return np.array(found, dtype=bool).reshape(len(found), 1)

    def lacking(self, inputs: RuleInputs) -> Bools:
        """Return for which events a rule reads a value that is missing, shape (r, n)."""
        columns = inputs.columns(self.scope, self.names)
        absent = {
            name: column.codes < 0 if isinstance(column, Keys) else np.isnan(column) for name, column in columns.items()
        }
        found = np.zeros((len(self.rules), len(inputs.scores)), dtype=bool)
        for place, compiled in enumerate(self.rules):
            for name in compiled.names:
                found[place] |= absent[name]
        return found


def columns_looked_up(name: str, expressions: Iterable[str]) -> tuple[str, ...]:
    """Return the columns whose values expressions look up in a list; one that cannot be read has none."""
    found: dict[str, None] = {}
    for expression in expressions:
        try:
            lookups = list_lookups(parse(expression))
        except RuleError:
            continue
        for lookup in lookups:
            members = lookup.members
            if isinstance(lookup.value, Name) and isinstance(members, ListName) and members.name == name:
                found[lookup.value.name] = None
    return tuple(found)


def _compile(rule: Rule, scope: Scope, lists: Lists) -> CompiledRule:
    node = read_rule(rule.when, scope)
    written = names(node)
    return CompiledRule(
        rule=rule,
        node=node,
        names=tuple(dict.fromkeys(name.name for name in written)),
        written=written,
        on_columns=compile_on_columns(node, scope, lists),
        on_one=compile_on_one(node, scope, lists),
        lookups=tuple(
            (lookup.members.name, compile_value(lookup.value, scope, lists))
            for lookup in list_lookups(node)
            if isinstance(lookup.members, ListName)
        ),
    )
