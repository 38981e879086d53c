"""Number format: the marks of decimals and thousands in numbers that are written as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from tollgate.core.events.cells import shown
from tollgate.core.events.number_marks import advise, group_expression, number_expression


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written as text; typed ones are what they are. Without ``thousands``, digits are not grouped."""

    decimal: str = "."
    thousands: str | None = None

    @cached_property
    def is_plain(self) -> bool:
        """Whether numbers are written as programs write them."""
        return self == PLAIN

    @cached_property
    def group_mark(self) -> str:
        """The regular expression of the mark between thousands."""
        return group_expression(self.thousands)

    @cached_property
    def expression(self) -> str:
        """The regular expression of a number, with every group of thousands whole."""
        return number_expression(self.decimal, self.thousands)

    def takes(self, value: object) -> bool:
        """Return whether a value is a text that is a number with these marks."""
        return isinstance(value, str) and self._compiled.match(value) is not None

    def plain(self, value: object) -> object:
        """Return a text as programs write numbers, anything else as it is; raise `ValueError` for another form."""
        if not isinstance(value, str) or not value.strip() or self.is_plain:
            return value
        if not self.takes(value):
            said = f'decimal = "{self.decimal}"' + (f' and thousands = "{self.thousands}"' if self.thousands else "")
            raise ValueError(
                f"{shown(value)} is not a number with {said}, as [event] says"
                f"{advise(value, self.decimal, self.thousands)}"
            )
        if self.thousands:
            value = re.sub(self.group_mark, "", value)
        return value.replace(self.decimal, ".")

    def reader(self, read: Callable[[object], float]) -> Callable[[object], float]:
        """Return a reader of numbers for those that are written so."""
        return read if self.is_plain else lambda value: read(self.plain(value))

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.expression)


PLAIN = NumberFormat()
