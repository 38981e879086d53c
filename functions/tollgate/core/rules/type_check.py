"""Type check of a rule, before it ever runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from tollgate.core.rules.formatting import write_value
from tollgate.core.rules.parser import parse
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
    Values,
    children,
)
from tollgate.errors import RuleError, suggest

_KINDS: Mapping[type, ValueKind | Literal["null"]] = {Number: "number", Text: "text", Truth: "truth", Null: "null"}
_SIGNS = {Not: "!", Minus: "-", Both: "&&", Either: "||"}
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
        raise RuleError(f"the rule is {_SHOWN[kind]}; it has to be true or false, such as amount > 100", node.place)
    return node


def kind_of(node: Node, scope: Scope) -> ValueKind:
    """Return the kind of a node that was checked."""
    kind = _kind(node, scope)
    assert kind != "null"
    return kind


def _kind(node: Node, scope: Scope) -> ValueKind | Literal["null"]:
    if isinstance(node, Name):
        return _kind_of_name(node, scope)
    if isinstance(node, Compare):
        return _check_comparison(node, scope)
    if isinstance(node, In):
        return _check_in(node, scope)
    if isinstance(node, Number | Text | Truth | Null):
        return _KINDS[type(node)]
    kind: ValueKind = "number" if isinstance(node, Minus | Calculate) else "truth"
    for child in children(node):
        _need(child, kind, _sign(node), scope)
    return kind


def _sign(node: Node) -> str:
    return node.operator if isinstance(node, Calculate) else _SIGNS.get(type(node), "")


def _need(node: Node, wanted: ValueKind, operator: str, scope: Scope) -> None:
    found = _kind(node, scope)
    if found != wanted:
        raise RuleError(f"{operator} takes {_SHOWN[wanted]}, and this is {_SHOWN[found]}", node.place)


def _kind_of_name(node: Name, scope: Scope) -> ValueKind:
    symbol = scope.symbols.get(node.name)
    if symbol is not None:
        return symbol.kind
    if node.name in scope.absent:
        raise RuleError(f'"{node.name}" {scope.absent[node.name]}', node.place)
    if node.name in scope.lists:
        raise RuleError(f'"{node.name}" is a list; ask it with in, such as: country in {node.name}', node.place)
    raise RuleError(f'"{node.name}" is no variable and no feature{suggest(node.name, scope.symbols)}', node.place)


def _check_comparison(node: Compare, scope: Scope) -> ValueKind:
    left, right = _kind(node.left, scope), _kind(node.right, scope)
    if "null" in (left, right):
        other = node.right if left == "null" else node.left
        if not isinstance(other, Name) or node.operator not in ("==", "!="):
            raise RuleError("null can only be compared with a variable or a feature, by == or !=", node.place)
        return "truth"
    if left != right:
        hint = _hint(node.left, node.right, scope) or _hint(node.right, node.left, scope)
        raise RuleError(f"{node.operator} compares {_SHOWN[left]} with {_SHOWN[right]}{hint}", node.place)
    if left == "truth" and node.operator not in ("==", "!="):
        raise RuleError(f"{node.operator} compares numbers or texts, not true and false", node.place)
    return "truth"


def _check_in(node: In, scope: Scope) -> ValueKind:
    found = _kind(node.value, scope)
    if isinstance(node.members, ListName):
        name = node.members.name
        if name not in scope.lists:
            hint = suggest(name, scope.lists) or "; name it under [lists]"
            raise RuleError(f'"{name}" is no list{hint}', node.members.place)
        wanted: ValueKind = scope.lists[name]
    else:
        wanted = "text" if isinstance(next(iter(node.members.values)), str) else "number"
    if found != wanted:
        hint = _hint(node.value, _first(node.members), scope)
        raise RuleError(f"in asks for {_SHOWN[found]} in a list of {wanted}s{hint}", node.place)
    return "truth"


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
