"""Row compiler of rules: runs a rule on one event, many times quicker than on columns of one row."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from tollgate.core.features.scalar_math import divide
from tollgate.core.rules.column_compiler import OPERATORS
from tollgate.core.rules.scope import Scope
from tollgate.core.rules.syntax import (
    Both,
    Calculate,
    Compare,
    Either,
    In,
    ListName,
    Minus,
    Name,
    Node,
    Not,
    Null,
    Number,
    Text,
    Truth,
)
from tollgate.core.rules.type_check import kind_of
from tollgate.core.rules.value_lists import Lists

# A number or truth is a float, NaN where missing; a text is a str, None where missing.
Value: TypeAlias = float | str | None
Row: TypeAlias = Mapping[str, Value]
Condition: TypeAlias = Callable[[Row], bool]


_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
}


def compile_on_one(node: Node, scope: Scope, lists: Lists) -> Condition:
    """Return a function of the values that a rule names, which says whether the rule matches.

    The node has to be checked against ``scope``.
    """
    return _Compiler(scope, lists).condition(node)


def compile_value(node: Node, scope: Scope, lists: Lists) -> Callable[[Row], Value]:
    """Return a function of the values that a rule names, which gives the value of one of its nodes."""
    return _Compiler(scope, lists).value(node)


class _Compiler:
    def __init__(self, scope: Scope, lists: Lists) -> None:
        self._scope = scope
        self._lists = lists

    def condition(self, node: Node) -> Condition:
        match node:
            case Truth():
                truth = node.value
                return lambda _row: truth
            case Name():
                name = node.name
                return lambda row: row[name] == 1.0
            case Not():
                inner = self.condition(node.operand)
                return lambda row: not inner(row)
            case Both() | Either():
                return self._joined(node)
            case Compare():
                return self._comparison(node)
            case _:
                return self._question(cast(In, node))

    def _joined(self, node: Both | Either) -> Condition:
        parts = [self.condition(part) for part in node.parts]
        ends_at = isinstance(node, Either)

        def run(row: Row) -> bool:
            for part in parts:
                if part(row) is ends_at:
                    return ends_at
            return not ends_at

        return run

    def _comparison(self, node: Compare) -> Condition:
        if isinstance(node.left, Null) or isinstance(node.right, Null):
            name = cast(Name, node.right if isinstance(node.left, Null) else node.left).name
            wanted = node.operator == "=="
            return lambda row: _is_missing(row[name]) is wanted
        left, right, compare = self.value(node.left), self.value(node.right), OPERATORS[node.operator]
        if kind_of(node.left, self._scope) != "text":
            return lambda row: compare(left(row), right(row))
        differs = node.operator == "!="

        def run(row: Row) -> bool:
            one, other = left(row), right(row)
            if one is None or other is None:
                return differs
            return cast(bool, compare(one, other))

        return run

    def _question(self, node: In) -> Condition:
        value, members = self.value(node.value), node.members
        # NaN is no member: no list holds it.
        held = self._lists[members.name].values if isinstance(members, ListName) else members.values
        return lambda row: value(row) in held

    def value(self, node: Node) -> Callable[[Row], Any]:
        match node:
            case Number() | Text():
                constant = node.value
                return lambda _row: constant
            case Name():
                name = node.name
                return lambda row: row[name]
            case Minus():
                inner = self.value(node.operand)
                return lambda row: -inner(row)
            case Calculate():
                calculate = _ARITHMETIC[node.operator]
                left, right = self.value(node.left), self.value(node.right)
                return lambda row: calculate(left(row), right(row))
            case _:
                condition = self.condition(node)
                return lambda row: float(condition(row))


def _is_missing(value: Value) -> bool:
    return value is None or value != value  # noqa: PLR0124 - only NaN differs from itself
