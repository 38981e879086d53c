"""Type check of a rule, before it ever runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from tollgate.core.rules.formatting import write_value
from tollgate.core.rules.operators import EQUAL, UNEQUAL, Operator
from tollgate.core.rules.parser import parse
from tollgate.core.rules.scope import Scope, ValueKind
from tollgate.core.rules.syntax import (
    Compare,
    In,
    ListName,
    Name,
    Node,
    Null,
    Number,
    Text,
    Truth,
    Values,
    children,
)
from tollgate.errors import RuleError, suggest

_KINDS: Mapping[type, ValueKind | Literal["null"]] = {Number: "number", Text: "text", Truth: "truth", Null: "null"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_SHOWN = {"number": "a number", "text": "a text", "truth": "true or false", "null": "null"}


def read_rule(text: str, scope: Scope) -> Node:
    """Return the checked tree of a rule, which is true or false for every event.

    Raises `RuleError` with the place of a mistake: in the syntax, of a name that is not there (the nearest is offered),
    or of values whose kinds do not fit.
    """
    node = parse(text)
    kind = _kind(node, scope)
    if kind != "truth":
        raise RuleError(f"the rule is {_SHOWN[kind]}, but it must be true or false, such as amount > 100", node.place)
    return node


def kind_of(node: Node, scope: Scope) -> ValueKind:
    """Return the kind of a node that was checked."""
    kind = _kind(node, scope)
    assert kind != "null"
    return kind


def _kind(node: Node, scope: Scope) -> ValueKind | Literal["null"]:
    match node:
        case Name():
            return _kind_of_name(node, scope)
        case Number() | Text() | Truth() | Null():
            return _KINDS[type(node)]
        case In():
            _check_in(node, scope)
        case Compare():
            _check_comparison(node, scope)
        case _:
            for child in children(node):
                _check_operand(node.operator, child, scope)
    return node.operator.gives


def _check_operand(operator: Operator, node: Node, scope: Scope) -> None:
    found = _kind(node, scope)
    if found not in operator.takes:
        wanted = " or ".join(_SHOWN[kind] for kind in operator.takes)
        raise RuleError(f"{operator.sign} needs {wanted}, but this is {_SHOWN[found]}", node.place)


def _kind_of_name(node: Name, scope: Scope) -> ValueKind:
    symbol = scope.symbols.get(node.name)
    if symbol is not None:
        return symbol.kind
    if node.name in scope.absent:
        raise RuleError(f'"{node.name}" {scope.absent[node.name]}', node.place)
    if node.name in scope.lists:
        raise RuleError(f'"{node.name}" is a list; use it with in, such as country in {node.name}', node.place)
    raise RuleError(f'"{node.name}" is not a variable or a feature{suggest(node.name, scope.symbols)}', node.place)


def _check_comparison(node: Compare, scope: Scope) -> None:
    left, right, sign = _kind(node.left, scope), _kind(node.right, scope), node.operator.sign
    if "null" in (left, right):
        other = node.right if left == "null" else node.left
        if not isinstance(other, Name) or node.operator not in (EQUAL, UNEQUAL):
            raise RuleError("null can only be compared with a variable or a feature, by == or !=", node.place)
    elif left != right:
        hint = _hint(node.left, node.right, scope) or _hint(node.right, node.left, scope)
        raise RuleError(f"{sign} compares {_SHOWN[left]} with {_SHOWN[right]}{hint}", node.place)
    elif left not in node.operator.takes:
        wanted = " or ".join(f"{kind}s" for kind in node.operator.takes)
        raise RuleError(f"{sign} compares {wanted}, but this is {_SHOWN[left]}", node.place)


def _check_in(node: In, scope: Scope) -> None:
    found = _kind(node.value, scope)
    if isinstance(node.members, ListName):
        name = node.members.name
        if name not in scope.lists:
            hint = suggest(name, scope.lists) or "; define it under [lists]"
            raise RuleError(f'"{name}" is not a list{hint}', node.members.place)
        wanted: ValueKind = scope.lists[name]
    else:
        wanted = "text" if isinstance(next(iter(node.members.values)), str) else "number"
    if found != wanted:
        hint = _hint(node.value, _first(node.members), scope)
        raise RuleError(f"in looks for {_SHOWN[found]} in a list of {wanted}s{hint}", node.place)


def _first(members: Values | ListName) -> Node:
    """Return one of the values that a list written into the rule has."""
    if isinstance(members, ListName):
        return Null()
    value = min(members.values)
    return Text(value) if isinstance(value, str) else Number(value)


def _hint(name: Node, other: Node, scope: Scope) -> str:
    """Return how a literal of the wrong kind is to be written beside a name; empty where that is not known."""
    if not isinstance(name, Name) or not isinstance(other, Number | Text):
        return ""
    kind = scope.symbols[name.name].kind
    if kind == "truth":
        return f"; write {name.name}, or !{name.name}"
    if kind == "text" and isinstance(other, Number):
        return f"; {name.name} is a text: write {write_value(write_value(other.value))} in quotes"
    if isinstance(other, Text) and _NUMBER.fullmatch(other.value.strip()):
        return f"; {name.name} is a number: write {other.value.strip()} without quotes"
    return ""
