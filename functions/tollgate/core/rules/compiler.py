"""Compiler of rules: the walk over a syntax tree that the row compiler and the column compiler share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar, cast

from tollgate.core.rules.operators import EQUAL, Operator
from tollgate.core.rules.scope import Scope, ValueKind
from tollgate.core.rules.syntax import (
    Both,
    Calculate,
    Compare,
    Either,
    In,
    ListName,
    Name,
    Node,
    Not,
    Null,
    Number,
    Text,
    Truth,
)
from tollgate.core.rules.type_check import kind_of
from tollgate.core.rules.value_lists import Lists, ValueList

Inputs = TypeVar("Inputs")


class Compiler(ABC, Generic[Inputs]):
    """Compiles a checked node into a function of the values that a rule names: of one event, or of columns."""

    def __init__(self, scope: Scope, lists: Lists) -> None:
        self._scope = scope
        self._lists = lists

    def condition(self, node: Node) -> Callable[[Inputs], Any]:
        """Compile a node that is true or false into booleans; a missing variable is not true."""
        match node:
            case Truth():
                return self.constant(node.value)
            case Name():
                return self.is_true(node.name)
            case Not():
                return self.apply(node.operator, "truth", [self.condition(node.operand)])
            case Both() | Either():
                return self.join(node.operator, [self.condition(part) for part in node.parts])
            case Compare():
                return self._comparison(node)
            case _:
                return self._lookup(cast(In, node))

    def _comparison(self, node: Compare) -> Callable[[Inputs], Any]:
        if isinstance(node.left, Null) or isinstance(node.right, Null):
            name = cast(Name, node.right if isinstance(node.left, Null) else node.left).name
            return self.is_missing(name, wanted=node.operator is EQUAL)
        kind = kind_of(node.left, self._scope)
        return self.apply(node.operator, kind, [self.value(node.left), self.value(node.right)])

    def _lookup(self, node: In) -> Callable[[Inputs], Any]:
        if isinstance(node.members, ListName):
            listed = self._lists[node.members.name]
        else:
            listed = ValueList.of(kind_of(node.value, self._scope), node.members.values)
        return self.look_up(node.operator, self.value(node.value), listed)

    def value(self, node: Node) -> Callable[[Inputs], Any]:
        """Compile a node into its value; what is true or false into 1 and 0, and a missing variable into NaN."""
        match node:
            case Number() | Text():
                return self.constant(node.value)
            case Name():
                return self.variable(node.name)
            case Calculate():
                return self.apply(node.operator, "number", [self.value(operand) for operand in node.operands])
            case _:
                return self.as_number(self.condition(node))

    @abstractmethod
    def constant(self, value: float | str | bool) -> Callable[[Inputs], Any]:
        """Return a function that gives a literal."""

    @abstractmethod
    def variable(self, name: str) -> Callable[[Inputs], Any]:
        """Return a function that gives the value of a name."""

    @abstractmethod
    def is_true(self, name: str) -> Callable[[Inputs], Any]:
        """Return whether a variable is there and true."""

    @abstractmethod
    def is_missing(self, name: str, *, wanted: bool) -> Callable[[Inputs], Any]:
        """Return whether it is so, as ``wanted``, that a value is missing."""

    @abstractmethod
    def apply(
        self, operator: Operator, kind: ValueKind, operands: Sequence[Callable[[Inputs], Any]]
    ) -> Callable[[Inputs], Any]:
        """Return a function that gives the result of an operator on one or two operands of a kind."""

    @abstractmethod
    def join(self, operator: Operator, parts: Sequence[Callable[[Inputs], Any]]) -> Callable[[Inputs], Any]:
        """Return a function that joins conditions by ``&&`` or ``||``."""

    @abstractmethod
    def look_up(self, operator: Operator, value: Callable[[Inputs], Any], listed: ValueList) -> Callable[[Inputs], Any]:
        """Return whether a list contains a value."""

    @abstractmethod
    def as_number(self, condition: Callable[[Inputs], Any]) -> Callable[[Inputs], Any]:
        """Return a condition as 1 and 0."""
