"""Writer of expressions and values, for sentences that name a part of a rule."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeAlias

from tollgate.core.rules.lexer import RESERVED, WORDS
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
    Number,
    Text,
    Truth,
    Values,
)

MAX_MEMBERS = 5
_MAX_TEXT = 40
_SUMS = ("+", "-")

Written: TypeAlias = float | str


def write_node(node: Node) -> str:
    """Return an expression as a rule has it; long lists are cut."""
    return _write(node, 0)


def _write(node: Node, level: int) -> str:
    text, own = _parts(node)
    return f"({text})" if own < level else text


def _parts(node: Node) -> tuple[str, int]:
    """Return an expression and how tightly it binds."""
    match node:
        case Either() | Both():
            sign, own = (" || ", 1) if isinstance(node, Either) else (" && ", 2)
            return sign.join(_write(part, own + 1) for part in node.parts), own
        case Compare():
            found, own = f"{_write(node.left, 4)} {node.operator} {_write(node.right, 4)}", 3
        case In():
            found, own = f"{_write(node.value, 4)} in {_write_members(node.members)}", 3
        case Calculate():
            own = 4 if node.operator in _SUMS else 5
            found = f"{_write(node.left, own)} {node.operator} {_write(node.right, own + 1)}"
        case Not() | Minus():
            found, own = f"{'!' if isinstance(node, Not) else '-'}{_write(node.operand, 7)}", 6
        case _:
            found, own = _write_single(node), 7
    return found, own


def _write_single(node: Node) -> str:
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
