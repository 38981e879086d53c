"""Operators of rules, one record each, which lexer, parser, type check, compilers, analysis and reference read.

To add an operator, add its record to `OPERATORS` and run `scripts/write_reference.py`; tests try every record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, neg, not_, or_, sub
from typing import Any, Literal

import numpy as np

from tollgate.core.features.scalar_math import divide
from tollgate.core.rules.scope import ValueKind

# Where a value lies if its comparison with a constant is true.
Effect = Literal["equal", "unequal", "below", "at most", "above", "at least"]
_ORDER = "order of numbers, or of texts by code points"


class Level(IntEnum):
    """Precedence: how tightly an operator binds, from loose to tight."""

    OR = 1
    AND = 2
    COMPARISON = 3
    SUM = 4
    PRODUCT = 5
    PREFIX = 6


@dataclass(frozen=True, eq=False)
class Operator:
    """One operator: how it is written, what it calculates, and what the analysis and the reference say about it.

    ``sign`` is its token; a word is reserved from then on. ``on_one`` is the function of plain values: floats, NaN if
    missing, or texts that are not missing. ``on_columns`` is the same function of arrays of numbers; columns of texts
    go through ``on_one``, each distinct text once. All operands are of one kind, one of those that it ``takes``.

    A condition with a missing operand is ``if_missing``: of texts the compilers see to it, of numbers both functions
    have to. ``opposite`` is the sign of the operator that is true where this one is false, and ``mirrored`` of the one
    that says the same with its sides exchanged; they are empty where there is none. ``effect`` says which values meet a
    comparison with a constant; without it, the analysis only tries the values that it knows.
    """

    sign: str
    level: Level
    on_one: Callable[..., Any]
    on_columns: Callable[..., Any]
    meaning: str
    takes: tuple[ValueKind, ...] = ("number",)
    gives: ValueKind = "number"
    if_missing: bool = False
    opposite: str = ""
    mirrored: str = ""
    effect: Effect | None = None

    def __repr__(self) -> str:
        """Return the sign, which is enough in the representation of a tree."""
        return self.sign


_CONDITIONS: tuple[ValueKind, ...] = ("truth",)
_SORTED: tuple[ValueKind, ...] = ("number", "text")
_ANY: tuple[ValueKind, ...] = ("number", "text", "truth")
_COMPARED = Level.COMPARISON

NOT = Operator("!", Level.PREFIX, not_, np.logical_not, "not", _CONDITIONS, "truth")
MINUS = Operator("-", Level.PREFIX, neg, np.negative, "the negative of a number")
EQUAL = Operator("==", _COMPARED, eq, eq, "equal", _ANY, "truth", opposite="!=", mirrored="==", effect="equal")
UNEQUAL = Operator(
    *("!=", _COMPARED, ne, ne, "not equal", _ANY, "truth", True), opposite="==", mirrored="!=", effect="unequal"
)
# The one whose right side is a list.
IN = Operator(
    *("in", _COMPARED, lambda value, values: value in values, lambda column, listed: listed.contains(column)),
    *("whether a list contains the value", _SORTED, "truth"),
)
AND = Operator("&&", Level.AND, and_, np.logical_and, "and", _CONDITIONS, "truth")
OR = Operator("||", Level.OR, or_, np.logical_or, "or", _CONDITIONS, "truth")

# From tight to loose, as the reference lists them.
OPERATORS = (
    NOT,
    MINUS,
    Operator("*", Level.PRODUCT, mul, np.multiply, "arithmetic"),
    Operator("/", Level.PRODUCT, divide, np.divide, "arithmetic"),
    Operator("+", Level.SUM, add, np.add, "arithmetic"),
    Operator("-", Level.SUM, sub, np.subtract, "arithmetic"),
    EQUAL,
    UNEQUAL,
    Operator("<", _COMPARED, lt, lt, _ORDER, _SORTED, "truth", opposite=">=", mirrored=">", effect="below"),
    Operator("<=", _COMPARED, le, le, _ORDER, _SORTED, "truth", opposite=">", mirrored=">=", effect="at most"),
    Operator(">", _COMPARED, gt, gt, _ORDER, _SORTED, "truth", opposite="<=", mirrored="<", effect="above"),
    Operator(">=", _COMPARED, ge, ge, _ORDER, _SORTED, "truth", opposite="<", mirrored="<=", effect="at least"),
    IN,
    AND,
    OR,
)
PREFIX: Mapping[str, Operator] = {one.sign: one for one in OPERATORS if one.level is Level.PREFIX}
INFIX: Mapping[str, Operator] = {one.sign: one for one in OPERATORS if one.level is not Level.PREFIX}
# Signs of CEL that rules do not have, and what to write in their place.
ABSENT: Mapping[str, str] = {
    "?": "rules have no ? :, so write two rules",
    ".": "rules have no fields, so write a name that contains a dot in backticks",
    "%": "rules have no %",
    "{": "rules have no maps",
    "&": "write && for and",
    "|": "write || for or",
    "=": "write == to compare",
}
