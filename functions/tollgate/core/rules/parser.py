"""Parser of rules: tokens into a syntax tree by recursive descent, bounded in depth: no text can exhaust the stack."""

from __future__ import annotations

from typing import cast

from tollgate.core.events.cells import one_spelling
from tollgate.core.rules.lexer import Token, read_tokens
from tollgate.core.rules.syntax import (
    Arithmetic,
    Both,
    Calculate,
    Compare,
    Comparison,
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
from tollgate.errors import RuleError

MAX_NESTED = 40
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


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
    """One method for each level of precedence, from weak to strong: || && comparisons sums products signs."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
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

    def _error(self, wanted: str) -> RuleError:
        if self._next.kind == "end":
            return RuleError(f"the rule ends where {wanted} is expected", self._next.start)
        shown = self._next.text if len(self._next.text) <= 40 else f"{self._next.text[:40]}…"
        if self._next.text == "(" and self._at and self._tokens[self._at - 1].kind == "name":
            raise RuleError(
                f"{self._tokens[self._at - 1].text}(…) is a call; there are none in rules", self._next.start
            )
        return RuleError(f"{shown} stands where {wanted} is expected", self._next.start)

    def _either(self) -> Node:
        place, parts = self._next.start, [self._both()]
        while self._sees("||"):
            self._take()
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts), place)

    def _both(self) -> Node:
        place, parts = self._next.start, [self._comparison()]
        while self._sees("&&"):
            self._take()
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else Both(tuple(parts), place)

    def _comparison(self) -> Node:
        left = self._sum()
        while self._sees(*_COMPARISONS, "in"):
            operator = self._take()
            if operator.text == "in":
                left = In(left, self._members(), operator.start)
            else:
                left = Compare(cast(Comparison, operator.text), left, self._sum(), operator.start)
        return left

    def _sum(self) -> Node:
        left = self._product()
        while self._sees("+", "-"):
            operator = self._take()
            left = Calculate(cast(Arithmetic, operator.text), left, self._product(), operator.start)
        return left

    def _product(self) -> Node:
        left = self._signed()
        while self._sees("*", "/"):
            operator = self._take()
            left = Calculate(cast(Arithmetic, operator.text), left, self._signed(), operator.start)
        return left

    def _signed(self) -> Node:
        signs: list[Token] = []
        while self._sees("!", "-"):
            if signs and signs[-1].text != self._next.text:
                raise self._error("a value")
            signs.append(self._take())
        node = self._value()
        for sign in reversed(signs):
            if isinstance(node, Number) and sign.text == "-":
                node = Number(-node.value, sign.start)
            else:
                node = Not(node, sign.start) if sign.text == "!" else Minus(node, sign.start)
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
            raise RuleError("a list can only stand behind in", token.start)
        raise self._error("a value")

    def _parenthesis(self) -> Node:
        opening = self._take()
        self._depth += 1
        if self._depth > MAX_NESTED:
            raise RuleError(f"has ( nested more than {MAX_NESTED} deep; use fewer of them", opening.start)
        node = self._either()
        if not self._sees(")"):
            raise self._error("the ) of an opened (")
        self._take()
        self._depth -= 1
        return node

    def _members(self) -> Values | ListName:
        token = self._next
        if token.kind == "name":
            return ListName(cast(str, self._take().value), token.start)
        if not self._sees("["):
            raise self._error('a list such as ["a", "b"] or the name of one')
        self._take()
        members = [self._member()]
        while self._sees(","):
            self._take()
            members.append(self._member())
        if not self._sees("]"):
            raise self._error("the ] that closes the list")
        self._take()
        for member in members:
            if type(member) is not type(members[0]):
                raise RuleError("a list holds numbers or texts, not both", member.place)
        return Values(frozenset(member.value for member in members), token.start)  # type: ignore[arg-type]

    def _member(self) -> Number | Text:
        minus = self._take() if self._sees("-") else None
        token = self._next
        if token.kind == "number":
            value = cast(float, self._take().value)
            return Number(-value if minus else value, token.start)
        if token.kind != "text" or minus:
            raise self._error("a number or a text: a list holds nothing else, and one at least,")
        return Text(one_spelling(cast(str, self._take().value)), token.start)
