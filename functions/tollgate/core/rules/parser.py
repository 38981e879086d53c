"""Parser of rules: tokens into a syntax tree by recursive descent, bounded in depth: no text can exhaust the stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from tollgate.core.events.cells import one_spelling
from tollgate.core.rules.lexer import Token, read_tokens
from tollgate.core.rules.operators import AND, IN, INFIX, MINUS, NOT, OR, PREFIX, Level, Operator
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
    Values,
    children,
)
from tollgate.errors import RuleError

MAX_NESTED = 40


def parse(text: str) -> Node:
    """Return the tree of a rule; raise `RuleError` with the place of a mistake."""
    node = _Parser(read_tokens(text)).whole()
    _check_height(node)
    return node


def _check_height(node: Node) -> None:
    """Raise `RuleError` for a tree too high to be walked by recursion, such as a sum of thousands of terms."""
    waiting = [(node, 1)]
    while waiting:
        found, height = waiting.pop()
        if height > 2 * MAX_NESTED:
            raise RuleError(f"nests or chains more than {2 * MAX_NESTED} operators; split the rule", found.place)
        waiting.extend((child, height + 1) for child in children(found))


class _Parser:
    """One method for operators between operands, of all levels from loose to tight, one for those before an operand."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._joined()
        if self._next.kind != "end":
            raise self._error("an operator such as && or ==")
        return node

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _sees(self, *texts: str) -> bool:
        return self._next.kind in ("sign", "word") and self._next.text in texts

    def _find(self, operators: Mapping[str, Operator]) -> Operator | None:
        return operators.get(self._next.text) if self._next.kind in ("sign", "word") else None

    def _error(self, wanted: str) -> RuleError:
        if self._next.kind == "end":
            return RuleError(f"expected {wanted}, but the rule ends here", self._next.start)
        shown = self._next.text if len(self._next.text) <= 40 else f"{self._next.text[:40]}…"
        if self._next.text == "(" and self._at and self._tokens[self._at - 1].kind == "name":
            function = self._tokens[self._at - 1].text
            return RuleError(f"{function}(…) is a function call, and rules have no functions", self._next.start)
        return RuleError(f"expected {wanted}, but found {shown}", self._next.start)

    def _joined(self, level: int = Level.OR) -> Node:
        """Read operators of this level, from left to right, and all that bind tighter."""
        if level == Level.PREFIX:
            return self._prefixed()
        place, left = self._next.start, self._joined(level + 1)
        while (operator := self._find(INFIX)) is not None and operator.level == level:
            if operator is AND or operator is OR:
                left = self._chain(operator, left, place)
            else:
                left = self._pair(operator, left, self._take().start)
        return left

    def _chain(self, operator: Operator, first: Node, place: int) -> Node:
        parts = [first]
        while self._sees(operator.sign):
            self._take()
            parts.append(self._joined(operator.level + 1))
        return Both(tuple(parts), place) if operator is AND else Either(tuple(parts), place)

    def _pair(self, operator: Operator, left: Node, place: int) -> Node:
        if operator is IN:
            return In(left, self._members(), place)
        right = self._joined(operator.level + 1)
        return (
            Compare(operator, left, right, place)
            if operator.gives == "truth"
            else Calculate(operator, (left, right), place)
        )

    def _prefixed(self) -> Node:
        signs: list[tuple[Operator, int]] = []
        while (operator := self._find(PREFIX)) is not None:
            if signs and signs[-1][0] is not operator:
                raise self._error("a value")
            signs.append((operator, self._take().start))
        node = self._value()
        for operator, place in reversed(signs):
            if operator is MINUS and isinstance(node, Number):
                node = Number(-node.value, place)
            else:
                node = Not(node, place) if operator is NOT else Calculate(operator, (node,), place)
        return node

    def _value(self) -> Node:
        token = self._next
        if token.kind == "number":
            return Number(cast(float, self._take().value), token.start)
        if token.kind == "text":
            return Text(one_spelling(cast(str, self._take().value)), token.start)
        if token.kind == "name":
            return Name(cast(str, self._take().value), token.start, token.stop)
        if self._sees("true", "false"):
            return Truth(self._take().text == "true", token.start)
        if self._sees("null"):
            self._take()
            return Null(token.start)
        if self._sees("("):
            return self._parenthesis()
        if self._sees("["):
            raise RuleError("a list is only allowed after in", token.start)
        raise self._error("a value")

    def _parenthesis(self) -> Node:
        opening = self._take()
        self._depth += 1
        if self._depth > MAX_NESTED:
            raise RuleError(f"has more than {MAX_NESTED} levels of parentheses; use fewer", opening.start)
        node = self._joined()
        if not self._sees(")"):
            raise self._error("a ) for an open (")
        self._take()
        self._depth -= 1
        return node

    def _members(self) -> Values | ListName:
        token = self._next
        if token.kind == "name":
            return ListName(cast(str, self._take().value), token.start)
        if not self._sees("["):
            raise self._error('a list such as ["a", "b"] or the name of a list')
        self._take()
        members = [self._member()]
        while self._sees(","):
            self._take()
            members.append(self._member())
        if not self._sees("]"):
            raise self._error("a ] at the end of the list")
        self._take()
        for member in members:
            if type(member) is not type(members[0]):
                raise RuleError("a list contains numbers or texts, not both", member.place)
        return Values(frozenset(member.value for member in members), token.start)  # type: ignore[arg-type]

    def _member(self) -> Number | Text:
        minus = self._take() if self._sees("-") else None
        token = self._next
        if token.kind == "number":
            value = cast(float, self._take().value)
            return Number(-value if minus else value, token.start)
        if token.kind != "text" or minus:
            raise self._error("a number or a text, of which a list has at least one")
        return Text(one_spelling(cast(str, self._take().value)), token.start)
