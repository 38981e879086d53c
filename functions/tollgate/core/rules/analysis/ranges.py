"""Ranges of one variable under several conditions: sound, so that empty means impossible."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

from tollgate.core.rules.column_compiler import OPERATORS

Constant: TypeAlias = float | str


@dataclass(frozen=True)
class Range:
    """Values of one variable: numbers or texts between two ends, with others left out, perhaps a missing one too.

    ``texts`` are comparisons that a text has to pass, ``only`` the values that are left if these are known. ``whole``
    says that only whole numbers come, ``trimmed`` that texts come without blanks around them and are not empty.
    """

    low: float = -math.inf
    low_open: bool = False
    high: float = math.inf
    high_open: bool = False
    only: frozenset[Constant] | None = None
    without: frozenset[Constant] = frozenset()
    texts: tuple[tuple[str, str], ...] = ()
    missing: bool = True
    whole: bool = False
    trimmed: bool = False

    def narrowed(self, comparison: str, constant: Constant) -> Range:
        """Return what is left where ``variable comparison constant`` is true: then the value is not missing."""
        if comparison == "==":
            return self.among(frozenset({constant}))
        if comparison == "!=":
            return replace(self, without=self.without | {constant})
        if isinstance(constant, str):
            return replace(self, texts=(*self.texts, (comparison, constant)), missing=False)
        return self._bounded(comparison, constant)

    def widened(self, comparison: str, constant: Constant) -> Range:
        """Return what is left where ``variable comparison constant`` is false: the value may be missing then."""
        if comparison == "!=":
            return self.narrowed("==", constant)
        if comparison == "==":
            return replace(self, without=self.without | {constant})
        opposite = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[comparison]
        return replace(self.narrowed(opposite, constant), missing=self.missing)

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
            return all(OPERATORS[comparison](value, constant) for comparison, constant in self.texts)
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return above and below and not (self.whole and value != math.floor(value))

    def _bounded(self, comparison: str, constant: float) -> Range:
        is_open = comparison in ("<", ">")
        left = replace(self, missing=False)
        if comparison in ("<", "<="):
            if (constant, not is_open) < (self.high, not self.high_open):
                return replace(left, high=constant, high_open=is_open)
            return left
        if (constant, is_open) > (self.low, self.low_open):
            return replace(left, low=constant, low_open=is_open)
        return left
