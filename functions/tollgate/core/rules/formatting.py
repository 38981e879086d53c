"""Formatting of expressions and values, for sentences that name a part of a rule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeAlias

from tollgate.core.rules.lexer import RESERVED, WORDS
from tollgate.core.rules.operators import Level
from tollgate.core.rules.syntax import (
    Calculate,
    In,
    Leaf,
    ListName,
    Name,
    Node,
    Not,
    Number,
    Text,
    Truth,
    Values,
    children,
)

MAX_MEMBERS = 5
_MAX_TEXT = 40
_TIGHTEST = max(Level) + 1

Written: TypeAlias = float | str


def write_node(node: Node) -> str:
    """Return an expression as a rule has it; long lists are cut."""
    return _write(node, 0)


def _write(node: Node, level: int) -> str:
    text, own = _parts(node)
    return f"({text})" if own < level else text


def _parts(node: Node) -> tuple[str, int]:
    """Return an expression and how tightly it binds."""
    if isinstance(node, Leaf):
        return _write_leaf(node), _TIGHTEST
    own, sign = int(node.operator.level), node.operator.sign
    match node:
        case In():
            found = f"{_write(node.value, own + 1)} {sign} {_write_members(node.members)}"
        case Calculate() if len(node.operands) > 1:
            # Read from left to right: only a right side of the same level has to stand in parentheses.
            found = f"{_write(node.operands[0], own)} {sign} {_write(node.operands[1], own + 1)}"
        case Not() | Calculate():
            found = f"{sign}{_write(children(node)[0], own + 1)}"
        case _:
            found = f" {sign} ".join(_write(part, own + 1) for part in children(node))
    return found, own


def _write_leaf(node: Leaf) -> str:
    match node:
        case Name():
            return _write_name(node.name)
        case Number() | Text():
            return write_value(node.value)
        case Truth():
            return "true" if node.value else "false"
        case _:
            return "null"


def _write_name(name: str) -> str:
    is_plain = name.isascii() and name.isidentifier() and name not in RESERVED | WORDS
    return name if is_plain else f"`{name}`"


def _write_members(members: Values | ListName) -> str:
    if isinstance(members, ListName):
        return members.name
    values: list[Written] = sorted(members.values)
    shown = [write_value(value) for value in values[:MAX_MEMBERS]]
    return f"[{', '.join([*shown, *(['…'] if len(values) > MAX_MEMBERS else [])])}]"


def write_value(value: Written) -> str:
    """Return a number or a text as a rule has it; a long text is cut."""
    if isinstance(value, str):
        cut = value if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]}…"
        return json.dumps(cut, ensure_ascii=False)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def show_number(value: float, *, beside: float | None = None, cents: bool = False) -> str:
    """Return a number for people, in as few digits as tell it from the number ``beside`` it."""
    if cents:
        return f"{value:,.2f}"
    if value.is_integer():
        return f"{value:,.0f}"
    for digits in range(4, 17):
        text = f"{value:,.{digits}g}" if abs(value) < 10 ** (digits - 1) else f"{value:,.{max(digits - 4, 1)}f}"
        if float(text.replace(",", "")) != beside:
            return text
    return repr(value)


def join_words(words: Iterable[str], last: str = "and") -> str:
    """Return words as a list in a sentence."""
    listed = list(words)
    return f"{', '.join(listed[:-1])} {last} {listed[-1]}" if len(listed) > 1 else "".join(listed)
