"""DynamoDB's expressions, as far as the adapters use them: conditions, filters, updates and projections.

Each text is compiled once; what comes out takes an item with the names and values that a request gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Context, Decimal
from functools import lru_cache
from typing import Any

from tests.fakes.errors import invalid

Item = dict[str, Any]
Given = Mapping[str, Any]
# Takes an item, and the names and values of the request.
Condition = Callable[[Given, Given, Given], bool]
Operand = Callable[[Given, Given, Given], Any]
Update = Callable[[Item, Given, Given], None]
_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?\w+)")
_EXACT = Context(prec=80)
_MAX_DIGITS = 38
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class _Reader:
    """The tokens of an expression, read from left to right."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0

    def next(self) -> str:
        return self._tokens[self._place].upper() if self._place < len(self._tokens) else ""

    def take(self, expected: str = "") -> str:
        if self._place == len(self._tokens) or (expected and self.next() != expected):
            found = self.next() or "<EOF>"
            raise invalid(f'Invalid expression: Syntax error; token: "{found}"')
        self._place += 1
        return self._tokens[self._place - 1]

    def took(self, token: str) -> bool:
        if self.next() != token:
            return False
        self._place += 1
        return True


def _tokens(text: str) -> Iterator[str]:
    place, text = 0, text.rstrip()
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise invalid(f'Invalid expression: Syntax error; token: "{text[place:][:10]}"')
        yield found[1]
        place = found.end()


@lru_cache(maxsize=4096)
def compile_condition(text: str) -> Condition:
    """Compile what decides whether a write goes ahead, or an item is among those found."""
    reader = _Reader(text)
    condition = _either(reader)
    if reader.next():
        reader.take(")")
    return condition


def _either(reader: _Reader) -> Condition:
    parts = [_both(reader)]
    while reader.took("OR"):
        parts.append(_both(reader))
    return parts[0] if len(parts) == 1 else lambda *given: any(part(*given) for part in parts)


def _both(reader: _Reader) -> Condition:
    parts = [_single(reader)]
    while reader.took("AND"):
        parts.append(_single(reader))
    return parts[0] if len(parts) == 1 else lambda *given: all(part(*given) for part in parts)


def _single(reader: _Reader) -> Condition:
    if reader.took("NOT"):
        negated = _single(reader)
        return lambda *given: not negated(*given)
    if reader.took("("):
        inner = _either(reader)
        reader.take(")")
        return inner
    if reader.next() in ("ATTRIBUTE_EXISTS", "ATTRIBUTE_NOT_EXISTS"):
        wanted = reader.take().lower() == "attribute_exists"
        reader.take("(")
        name = _name(reader)
        reader.take(")")
        return lambda item, names, _values: (name(names) in item) is wanted
    if reader.took("BEGINS_WITH"):
        return _begins_with(reader)
    return _comparison(reader)


def _begins_with(reader: _Reader) -> Condition:
    reader.take("(")
    whole = _operand(reader)
    reader.take(",")
    beginning = _operand(reader)
    reader.take(")")

    def holds(*given: Given) -> bool:
        found, wanted = whole(*given), beginning(*given)
        return found is not None and "S" in found and found["S"].startswith(wanted["S"])

    return holds


def _comparison(reader: _Reader) -> Condition:
    left, comparator, right = _operand(reader), reader.take(), _operand(reader)
    if comparator not in _COMPARE:
        raise invalid(f'Invalid expression: Syntax error; token: "{comparator}"')
    compare = _COMPARE[comparator]

    def holds(*given: Given) -> bool:
        one, other = left(*given), right(*given)
        if one is None or other is None or one.keys() != other.keys():
            return comparator == "<>"
        return compare(_plain(one), _plain(other))

    return holds


def _plain(value: Given) -> Any:  # noqa: ANN401 - what compares as DynamoDB's type does
    ((kind, content),) = value.items()
    if kind == "N":
        return Decimal(content)
    return content.encode() if kind == "S" else content


def _name(reader: _Reader) -> Callable[[Given], str]:
    token = reader.take()

    def resolve(names: Given) -> str:
        if token.startswith("#") and token not in names:
            raise invalid(f"An expression attribute name used in the document path is not defined: {token}")
        return str(names[token]) if token.startswith("#") else token

    return resolve


def _operand(reader: _Reader) -> Operand:
    if reader.took("IF_NOT_EXISTS"):
        reader.take("(")
        there = _name(reader)
        reader.take(",")
        otherwise = _operand(reader)
        reader.take(")")
        return lambda item, names, values: item.get(there(names)) or otherwise(item, names, values)
    if reader.next().startswith(":"):
        token = reader.take()

        def find(_item: Given, _names: Given, values: Given) -> Any:  # noqa: ANN401 - a typed value
            if token not in values:
                raise invalid(f"An expression attribute value used in expression is not defined: {token}")
            return values[token]

        return find
    name = _name(reader)
    return lambda item, names, _values: item.get(name(names))


@lru_cache(maxsize=4096)
def compile_update(text: str) -> Update:
    """Compile what changes an item in place; all that it reads is as the item was before."""
    reader, steps = _Reader(text), list[Callable[[Given, Given, Given], tuple[str, Any]]]()
    sections = {"SET": _assignment, "ADD": _addition, "REMOVE": _removal}
    while reader.next():
        section = sections.get(reader.take().upper())
        if section is None:
            raise invalid("Invalid UpdateExpression: Syntax error")
        steps.append(section(reader))
        while reader.took(","):
            steps.append(section(reader))

    def update(item: Item, names: Given, values: Given) -> None:
        changes = [step(item, names, values) for step in steps]
        if len(dict(changes)) < len(changes):
            raise invalid("Invalid UpdateExpression: Two document paths overlap with each other")
        for name, value in changes:
            if value is None:
                item.pop(name, None)
            else:
                item[name] = value

    return update


def _assignment(reader: _Reader) -> Callable[[Given, Given, Given], tuple[str, Any]]:
    name = _name(reader)
    reader.take("=")
    value = _operand(reader)
    if reader.took("+"):
        value = _sum(value, _operand(reader))

    def assign(item: Given, names: Given, values: Given) -> tuple[str, Any]:
        found = value(item, names, values)
        if found is None:
            raise invalid("The provided expression refers to an attribute that does not exist in the item")
        return name(names), found

    return assign


def _sum(left: Operand, right: Operand) -> Operand:
    return lambda *given: add_numbers(left(*given), right(*given))


def _addition(reader: _Reader) -> Callable[[Given, Given, Given], tuple[str, Any]]:
    name, added = _name(reader), _operand(reader)

    def add(item: Given, names: Given, values: Given) -> tuple[str, Any]:
        there, more = item.get(name(names)), added(item, names, values)
        return name(names), more if there is None else add_numbers(there, more)

    return add


def _removal(reader: _Reader) -> Callable[[Given, Given, Given], tuple[str, Any]]:
    name = _name(reader)
    return lambda _item, names, _values: (name(names), None)


def add_numbers(one: Given | None, other: Given | None) -> Item:
    """Return the sum of two numbers."""
    if one is None or other is None or "N" not in one or "N" not in other:
        raise invalid("An operand in the update expression has an incorrect data type")
    return {"N": write_number(_EXACT.add(Decimal(one["N"]), Decimal(other["N"])))}


def write_number(number: Decimal) -> str:
    """Return a number as DynamoDB writes it: without an exponent, and without zeros that say nothing."""
    normal = number.normalize(_EXACT)
    if len(normal.as_tuple().digits) > _MAX_DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    return f"{normal:f}" if normal else "0"


@lru_cache(maxsize=4096)
def placeholders(*texts: str) -> frozenset[str]:
    """Return the placeholders of names and values that expressions use."""
    return frozenset(token for text in texts for token in _tokens(text) if token[0] in "#:")


def project(items: Sequence[Item], text: str | None, names: Given) -> list[Item]:
    """Return items with the named attributes alone, or whole where none are named."""
    if text is None:
        return [dict(item) for item in items]
    wanted = [names.get(name.strip(), name.strip()) for name in text.split(",")]
    return [{name: item[name] for name in wanted if name in item} for item in items]
