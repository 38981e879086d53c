"""Column compiler of rules: runs a rule on columns of n events, and answers as `row_compiler` does, row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tollgate.core.events.event import Keys
from tollgate.core.rules.compiler import Compiler
from tollgate.core.rules.operators import EQUAL, UNEQUAL, Operator
from tollgate.core.rules.scope import Columns, Scope, ValueKind
from tollgate.core.rules.syntax import Node
from tollgate.core.rules.value_lists import Lists, ValueList, spread

Bools: TypeAlias = npt.NDArray[np.bool_]
# Gives a column, or a scalar or str where it is the same for all events.
OnColumns: TypeAlias = Callable[[Columns], Any]


def compile_on_columns(node: Node, scope: Scope, lists: Lists) -> Callable[[Columns, int], Bools]:
    """Return a function of the columns that a rule names and of n, which says for each event whether the rule matches.

    The node has to be checked against ``scope``. Run it where NumPy's warnings of division by zero are off.
    """
    condition = _ColumnCompiler(scope, lists).condition(node)

    def run(columns: Columns, n: int) -> Bools:
        found = condition(columns)
        return found if isinstance(found, np.ndarray) and found.ndim else np.full(n, bool(found))

    return run


def compile_values(node: Node, scope: Scope, lists: Lists) -> OnColumns:
    """Return a function of the columns that a rule names, which gives the values of one of its nodes."""
    return _ColumnCompiler(scope, lists).value(node)


class _ColumnCompiler(Compiler[Columns]):
    def constant(self, value: float | str | bool) -> OnColumns:
        given = value if isinstance(value, str) else np.bool_(value) if isinstance(value, bool) else np.float64(value)
        return lambda _columns: given

    def variable(self, name: str) -> OnColumns:
        return lambda columns: columns[name]

    def is_true(self, name: str) -> OnColumns:
        return lambda columns: columns[name] == 1.0

    def is_missing(self, name: str, *, wanted: bool) -> OnColumns:
        def run(columns: Columns) -> Bools:
            column = columns[name]
            missing = column.codes < 0 if isinstance(column, Keys) else np.isnan(column)
            return missing if wanted else ~missing

        return run

    def apply(self, operator: Operator, kind: ValueKind, operands: Sequence[OnColumns]) -> OnColumns:
        function = operator.on_columns
        if len(operands) == 1:
            (operand,) = operands
            return lambda columns: function(operand(columns))
        left, right = operands
        if kind == "text":
            return lambda columns: compare_texts(operator, left(columns), right(columns))
        return lambda columns: function(left(columns), right(columns))

    def join(self, operator: Operator, parts: Sequence[OnColumns]) -> OnColumns:
        return lambda columns: reduce(operator.on_columns, (part(columns) for part in parts))

    def look_up(self, operator: Operator, value: OnColumns, listed: ValueList) -> OnColumns:
        def run(columns: Columns) -> Any:  # noqa: ANN401 - as all that runs on columns
            found = value(columns)
            if isinstance(found, Keys) or np.ndim(found):
                return operator.on_columns(found, listed)
            return np.bool_(operator.on_one(found, listed.values))

        return run

    def as_number(self, condition: OnColumns) -> OnColumns:
        return lambda columns: np.asarray(condition(columns), dtype=np.float64)


def compare_texts(operator: Operator, left: Keys | str, right: Keys | str) -> Any:  # noqa: ANN401
    """Compare texts: each distinct one once, or by their places in order where both sides are columns."""
    if operator is UNEQUAL:
        return np.logical_not(compare_texts(EQUAL, left, right))
    compare, if_missing = operator.on_one, operator.if_missing
    if isinstance(left, str):
        if isinstance(right, str):
            return np.bool_(compare(left, right))
        return spread([compare(left, value) for value in right.values], right, if_missing=if_missing)
    if isinstance(right, str):
        if operator is EQUAL:
            return left.codes == (left.values.index(right) if right in left.values else -2)
        return spread([compare(value, right) for value in left.values], left, if_missing=if_missing)
    return _compare_places(operator, left, right) if operator.effect else _compare_pairs(operator, left, right)


def _compare_places(operator: Operator, left: Keys, right: Keys) -> Bools:
    """Compare by equality or order: texts are ordered as their places among all of them are."""
    places = {text: place for place, text in enumerate(sorted({*left.values, *right.values}))}
    ranks = [np.array([*(places[text] for text in side.values), -1])[side.codes] for side in (left, right)]
    found: Bools = operator.on_columns(ranks[0], ranks[1]) & (ranks[0] >= 0) & (ranks[1] >= 0)
    return found


def _compare_pairs(operator: Operator, left: Keys, right: Keys) -> Bools:
    """Compare in any other way: row by row."""
    compare, if_missing = operator.on_one, operator.if_missing
    texts: list[tuple[str | None, ...]] = [(*left.values, None), (*right.values, None)]
    rows = zip(left.codes.tolist(), right.codes.tolist(), strict=True)
    pairs = ((texts[0][one], texts[1][other]) for one, other in rows)
    return np.array([if_missing if None in pair else compare(*pair) for pair in pairs], dtype=bool)
