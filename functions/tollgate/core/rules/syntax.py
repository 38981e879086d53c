"""Syntax tree of a rule. Places count in comparisons for nothing: equal trees mean the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Comparison = Literal["==", "!=", "<", "<=", ">", ">="]
Arithmetic = Literal["+", "-", "*", "/"]


@dataclass(frozen=True)
class Number:
    """A number; all are doubles."""

    value: float
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Text:
    """A text."""

    value: str
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Truth:
    """``true`` or ``false``."""

    value: bool
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Null:
    """``null``: what a missing value is equal to."""

    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Name:
    """A variable, a feature or the score, as written up to before ``stop``."""

    name: str
    place: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Values:
    """A list written into the rule: all numbers, or all texts."""

    values: frozenset[float] | frozenset[str]
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class ListName:
    """A list of the detector."""

    name: str
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Not:
    """``!operand``."""

    operand: Node
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Minus:
    """``-operand``."""

    operand: Node
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Both:
    """``a && b && …``: true where all parts are."""

    parts: tuple[Node, ...]
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Either:
    """``a || b || …``: true where any part is."""

    parts: tuple[Node, ...]
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Compare:
    """``left == right`` and the like; ``place`` is that of the operator, as in all nodes with two sides."""

    operator: Comparison
    left: Node
    right: Node
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class In:
    """``value in list``."""

    value: Node
    members: Values | ListName
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Calculate:
    """``left + right`` and the like."""

    operator: Arithmetic
    left: Node
    right: Node
    place: int = field(default=0, compare=False)


Node: TypeAlias = Number | Text | Truth | Null | Name | Not | Minus | Both | Either | Compare | In | Calculate


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below ``node``."""
    match node:
        case Not() | Minus():
            return (node.operand,)
        case Both() | Either():
            return node.parts
        case Compare() | Calculate():
            return (node.left, node.right)
        case In():
            return (node.value,)
        case _:
            return ()


def names(node: Node) -> tuple[Name, ...]:
    """Return the names in a tree, in the order in which they are written, as often as they are."""
    if isinstance(node, Name):
        return (node,)
    return tuple(name for child in children(node) for name in names(child))


def questions(node: Node) -> tuple[In, ...]:
    """Return the questions to lists of the detector, in the order in which they are written."""
    own = (node,) if isinstance(node, In) and isinstance(node.members, ListName) else ()
    return own + tuple(question for child in children(node) for question in questions(child))
