"""Ranges of one variable under several conditions. They are sound: if one is empty, the conditions never hold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

from tollgate.core.rules.operators import INFIX, Operator
from tollgate.core.rules.scope import Symbol

Constant: TypeAlias = float | str


@dataclass(frozen=True)
class Range:
    """Values of one variable: numbers or texts between two ends, with others left out, perhaps a missing one too.

    ``tests`` are comparisons with a constant that are known to be true or false of the value, beyond what the ends say;
    ``only`` the values that are left if these are known. ``whole`` says that only whole numbers come, ``trimmed`` that
    texts come without blanks around them and are not empty.
    """

    low: float = -math.inf
    low_open: bool = False
    high: float = math.inf
    high_open: bool = False
    only: frozenset[Constant] | None = None
    without: frozenset[Constant] = frozenset()
    tests: tuple[tuple[Operator, Constant, bool], ...] = ()
    missing: bool = True
    whole: bool = False
    trimmed: bool = False

    def narrowed(self, operator: Operator, constant: Constant) -> Range:
        """Return what is left where ``variable operator constant`` is true."""
        if operator.effect == "equal":
            return self.among(frozenset({constant}))
        if operator.effect == "unequal":
            return self.outside(frozenset({constant}))
        if isinstance(constant, str) or operator.effect is None:
            missing = self.missing and operator.if_missing
            return replace(self, tests=(*self.tests, (operator, constant, True)), missing=missing)
        return self._bounded(operator, constant)

    def widened(self, operator: Operator, constant: Constant) -> Range:
        """Return what is left where ``variable operator constant`` is false."""
        if not operator.opposite:
            missing = self.missing and not operator.if_missing
            return replace(self, tests=(*self.tests, (operator, constant, False)), missing=missing)
        # Of a missing value, one of the two is true at most: where it is the other one, the value may be missing.
        left = self.narrowed(INFIX[operator.opposite], constant)
        return replace(left, missing=self.missing and not operator.if_missing)

    def among(self, values: frozenset[Constant]) -> Range:
        """Return what is left where the value is one of ``values``."""
        return replace(self, only=values if self.only is None else self.only & values, missing=False)

    def outside(self, values: frozenset[Constant]) -> Range:
        """Return what is left where the value is none of ``values``, or missing."""
        return replace(self, without=self.without | values)

    def known(self) -> Range:
        """Return what is left where the value is not missing."""
        return replace(self, missing=False)

    def unknown(self) -> Range:
        """Return what is left where the value is missing."""
        return replace(self, only=frozenset())

    @property
    def is_empty(self) -> bool:
        """Whether there is certainly no such value."""
        if self.missing:
            return False
        if self.only is not None:
            return not any(self._holds(value) for value in self.only - self.without)
        low, high = self.low, self.high
        if self.whole and math.isfinite(low) and math.isfinite(high):
            first = math.floor(low) + 1 if self.low_open else math.ceil(low)
            last = math.ceil(high) - 1 if self.high_open else math.floor(high)
            # A gap wider than what is left out is never empty: no need to go through it.
            return last - first < 2_000 and all(value in self.without for value in range(first, last + 1))
        if low == high:
            return self.low_open or self.high_open or low in self.without
        return low > high

    def _holds(self, value: Constant) -> bool:
        if isinstance(value, str):
            if self.trimmed and (not value or value != value.strip()):
                return False
            return self._passes(value)
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return above and below and not (self.whole and value != math.floor(value)) and self._passes(value)

    def _passes(self, value: Constant) -> bool:
        return all(operator.on_one(value, constant) == truth for operator, constant, truth in self.tests)

    def _bounded(self, operator: Operator, constant: float) -> Range:
        is_open = operator.effect in ("below", "above")
        left = replace(self, missing=False)
        if operator.effect in ("below", "at most"):
            if (constant, not is_open) < (self.high, not self.high_open):
                return replace(left, high=constant, high_open=is_open)
            return left
        if (constant, is_open) > (self.low, self.low_open):
            return replace(left, low=constant, low_open=is_open)
        return left


_RANGES = {
    "score": Range(low=0, high=1000, missing=False, whole=True),
    "latitude": Range(low=-90, high=90),
    "longitude": Range(low=-180, high=180),
    "hour": Range(low=0, high=23, missing=False, whole=True),
    "hour_exact": Range(low=0, high=24, high_open=True, missing=False),
    "weekday": Range(low=0, high=6, missing=False, whole=True),
    "category": Range(trimmed=True),
    "entity": Range(trimmed=True),
}
_TRUTH = Range(only=frozenset({0.0, 1.0}))


def range_of(symbol: Symbol) -> Range:
    """Return what the values of a name can be."""
    return _TRUTH if symbol.kind == "truth" else _RANGES.get(symbol.source, Range())
