"""Column compiler of rules: runs a rule on columns of n events, and answers as `row_compiler` does, row by row."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Floats, Keys
from tollgate.core.rules.scope import Scope, ValueKind
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
from tollgate.core.rules.value_lists import Lists, ValueList, spread

Bools: TypeAlias = npt.NDArray[np.bool_]
# A number or truth is an array of shape (n,), NaN where missing; a text is `Keys`. A constant is a scalar or a str.
Columns: TypeAlias = Mapping[str, Floats | Keys]
OnColumns: TypeAlias = Callable[[Columns], Any]

OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}


def compile_on_columns(node: Node, scope: Scope, lists: Lists) -> Callable[[Columns, int], Bools]:
    """Return a function of the columns that a rule names and of n, which says for each event whether the rule matches.

    The node has to be checked against ``scope``. Run it where NumPy's warnings of division by zero are off.
    """
    condition = _Compiler(scope, lists).condition(node)

    def run(columns: Columns, n: int) -> Bools:
        found = condition(columns)
        return found if isinstance(found, np.ndarray) and found.ndim else np.full(n, bool(found))

    return run


def compile_values(node: Node, scope: Scope, lists: Lists) -> OnColumns:
    """Return a function of the columns that a rule names, which gives the values of one of its nodes."""
    return _Compiler(scope, lists).value(node)


class _Compiler:
    def __init__(self, scope: Scope, lists: Lists) -> None:
        self._scope = scope
        self._lists = lists

    def condition(self, node: Node) -> OnColumns:
        """Compile a node that is true or false into booleans; a missing variable is not true."""
        match node:
            case Truth():
                return _constant(np.bool_(node.value))
            case Name():
                name = node.name
                return lambda columns: columns[name] == 1.0
            case Not():
                inner = self.condition(node.operand)
                return lambda columns: np.logical_not(inner(columns))
            case Both() | Either():
                return self._joined(node)
            case Compare():
                return self._comparison(node)
            case _:
                return self._question(cast(In, node))

    def _joined(self, node: Both | Either) -> OnColumns:
        parts = [self.condition(part) for part in node.parts]
        join = np.logical_and if isinstance(node, Both) else np.logical_or

        def run(columns: Columns) -> Any:  # noqa: ANN401 - as all that runs on columns
            found = parts[0](columns)
            for part in parts[1:]:
                found = join(found, part(columns))
            return found

        return run

    def _comparison(self, node: Compare) -> OnColumns:
        if isinstance(node.left, Null) or isinstance(node.right, Null):
            name = cast(Name, node.right if isinstance(node.left, Null) else node.left).name
            return _is_missing(name, wanted=node.operator == "==")
        left, right = self.value(node.left), self.value(node.right)
        if kind_of(node.left, self._scope) == "text":
            return lambda columns: compare_texts(node.operator, left(columns), right(columns))
        compare = OPERATORS[node.operator]
        return lambda columns: compare(left(columns), right(columns))

    def _question(self, node: In) -> OnColumns:
        value = self.value(node.value)
        kind: ValueKind = kind_of(node.value, self._scope)
        members = node.members
        held = self._lists[members.name] if isinstance(members, ListName) else ValueList.of(kind, members.values)

        def run(columns: Columns) -> Any:  # noqa: ANN401
            found = value(columns)
            if isinstance(found, Keys):
                return held.has_texts(found)
            if isinstance(found, np.ndarray) and found.ndim:
                return held.has_numbers(found)
            return np.bool_(found in held.values)

        return run

    def value(self, node: Node) -> OnColumns:
        """Compile a node into its values; what is true or false into 1, 0 and NaN."""
        match node:
            case Number():
                return _constant(np.float64(node.value))
            case Text():
                return _constant(node.value)
            case Name():
                name = node.name
                return lambda columns: columns[name]
            case Minus():
                inner = self.value(node.operand)
                return lambda columns: np.negative(inner(columns))
            case Calculate():
                calculate = _ARITHMETIC[node.operator]
                left, right = self.value(node.left), self.value(node.right)
                return lambda columns: calculate(left(columns), right(columns))
            case _:
                condition = self.condition(node)
                return lambda columns: np.asarray(condition(columns), dtype=np.float64)


def _constant(value: object) -> OnColumns:
    return lambda _columns: value


def _is_missing(name: str, *, wanted: bool) -> OnColumns:
    def run(columns: Columns) -> Bools:
        column = columns[name]
        missing = column.codes < 0 if isinstance(column, Keys) else np.isnan(column)
        return missing if wanted else ~missing

    return run


def compare_texts(comparison: str, left: Keys | str, right: Keys | str) -> Any:  # noqa: ANN401
    """Compare texts by code points; a missing one is equal to nothing, and neither before nor behind anything."""
    if comparison == "!=":
        return np.logical_not(compare_texts("==", left, right))
    compare = OPERATORS[comparison]
    if isinstance(left, str):
        if isinstance(right, str):
            return np.bool_(compare(left, right))
        return spread([compare(left, value) for value in right.values], right)
    if isinstance(right, str):
        if comparison == "==":
            return left.codes == (left.values.index(right) if right in left.values else -2)
        return spread([compare(value, right) for value in left.values], left)
    places = {text: place for place, text in enumerate(sorted({*left.values, *right.values}))}
    ranks = [np.array([*(places[text] for text in side.values), -1])[side.codes] for side in (left, right)]
    return compare(ranks[0], ranks[1]) & (ranks[0] >= 0) & (ranks[1] >= 0)
