"""Syntax tree of a rule. Places in the text are ignored when trees are compared: equal trees mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from tollgate.core.rules.operators import AND, IN, INFIX, NOT, OR, Operator


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

    operator: ClassVar[Operator] = NOT
    operand: Node
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Both:
    """``a && b && …``: true where all parts are."""

    operator: ClassVar[Operator] = AND
    parts: tuple[Node, ...]
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Either:
    """``a || b || …``: true where any part is."""

    operator: ClassVar[Operator] = OR
    parts: tuple[Node, ...]
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Compare:
    """``left == right`` and the like: true or false of two values.

    ``place`` is that of the operator, as in all nodes with two sides.
    """

    operator: Operator
    left: Node
    right: Node
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class In:
    """``value in list``."""

    operator: ClassVar[Operator] = IN
    value: Node
    members: Values | ListName
    place: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Calculate:
    """``left + right``, ``-operand`` and the like: a value of one or two others."""

    operator: Operator
    operands: tuple[Node, ...]
    place: int = field(default=0, compare=False)


Leaf: TypeAlias = Number | Text | Truth | Null | Name
Node: TypeAlias = Leaf | Not | Both | Either | Compare | In | Calculate


def children(node: Node) -> tuple[Node, ...]:
    """Return the nodes right below ``node``."""
    match node:
        case Not():
            return (node.operand,)
        case Both() | Either():
            return node.parts
        case Compare():
            return (node.left, node.right)
        case In():
            return (node.value,)
        case Calculate():
            return node.operands
        case _:
            return ()


def names(node: Node) -> tuple[Name, ...]:
    """Return the names in a tree, in the order in which they are written, as often as they are."""
    if isinstance(node, Name):
        return (node,)
    return tuple(name for child in children(node) for name in names(child))


def list_lookups(node: Node) -> tuple[In, ...]:
    """Return where a rule looks a value up in a list of the detector, in the order in which it is written."""
    own = (node,) if isinstance(node, In) and isinstance(node.members, ListName) else ()
    return own + tuple(lookup for child in children(node) for lookup in list_lookups(child))


def read_both_ways(node: Compare) -> Iterator[tuple[Node, Node, Operator]]:
    """Yield the sides of a comparison and its operator as they are written, and exchanged where that is possible."""
    yield node.left, node.right, node.operator
    if node.operator.mirrored:
        yield node.right, node.left, INFIX[node.operator.mirrored]
