"""Impossible comparisons in a rule: a literal beyond what a name can be, so that no event or hardly any matches."""

from __future__ import annotations

from collections.abc import Iterator

from tollgate.core.rules.analysis.satisfiability import range_of
from tollgate.core.rules.formatting import write_node, write_value
from tollgate.core.rules.scope import Scope, Symbol
from tollgate.core.rules.syntax import Compare, In, Name, Node, Number, Text, Values, children

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_CAN_BE = {
    "hour": "hour is a whole number from 0 to 23; for parts of an hour write hour_exact",
    "hour_exact": "hour_exact runs from 0 to below 24",
    "weekday": "weekday is a whole number from 0 (Monday) to 6",
    "score": "score is a whole number from 0 to 1000",
    "latitude": "a latitude lies between -90 and 90",
    "longitude": "a longitude lies between -180 and 180",
    "category": "texts come without blanks around them, and an empty one is missing: write == null",
    "entity": "texts come without blanks around them, and an empty one is missing: write == null",
}
# Of these, a fraction in a bound says that something else was meant.
_WHOLE = ("hour", "weekday")


def describe_impossible(node: Node, scope: Scope) -> Iterator[str]:
    """Yield a sentence on each comparison of a rule that never holds, or that cannot be meant as it is written."""
    if isinstance(node, Compare):
        for name, other, operator in (
            (node.left, node.right, node.operator),
            (node.right, node.left, _MIRRORED.get(node.operator, node.operator)),
        ):
            if isinstance(name, Name) and isinstance(other, Number | Text):
                yield from _describe(node, name, operator, other, scope)
    elif isinstance(node, In) and isinstance(node.value, Name) and isinstance(node.members, Values):
        values: list[float | str] = sorted(node.members.values)
        for value in values:
            literal = Text(value) if isinstance(value, str) else Number(value)
            yield from _describe(Compare("==", node.value, literal), node.value, "==", literal, scope)
    for child in children(node):
        yield from describe_impossible(child, scope)


def _describe(node: Compare, name: Name, operator: str, literal: Number | Text, scope: Scope) -> Iterator[str]:
    symbol, value = scope.symbols[name.name], literal.value
    asked = "!=" if operator == "!=" else "=="
    if operator in ("==", "!="):
        if range_of(symbol).narrowed("==", value).is_empty:
            yield f"{write_node(node)} {'never' if asked == '==' else 'always'} holds: {_CAN_BE[symbol.source]}"
        elif _fades(symbol, value):
            yield (
                f"{write_node(node)} {'hardly ever' if asked == '==' else 'nearly always'} holds: {name.name} is "
                "computed with a fraction; compare it by < and >"
            )
    elif range_of(symbol).narrowed(operator, value).is_empty:
        yield f"{write_node(node)} never holds: {_CAN_BE[symbol.source]}"
    elif symbol.source in _WHOLE and isinstance(value, float) and not value.is_integer():
        yield f"{write_node(node)} compares {name.name} with {write_value(value)}: {_CAN_BE[symbol.source]}"


def _fades(symbol: Symbol, value: float | str) -> bool:
    """Return whether a feature is hardly ever just ``value``: sums fade, so only those of nobody are whole, 0."""
    return symbol.source == "feature" and value != 0
