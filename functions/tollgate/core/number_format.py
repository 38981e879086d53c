"""Number format: the marks of decimals and thousands in numbers that are written as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from tollgate.core.values import shown

DECIMALS = (".", ",")
# A blank also stands for the narrow and the fixed ones that programs write between digits.
THOUSANDS = (".", ",", " ", "'", "’", "_")
_BLANKS = "[ \u00a0\u202f\u2009]"


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
        return _BLANKS if self.thousands == " " else re.escape(self.thousands or "")

    @cached_property
    def expression(self) -> str:
        """The regular expression of a number, with every group of thousands whole.

        Thousands begin with no zero and have no exponent: 0.123 and 1.234e3 are written with a decimal point.
        """
        mark = re.escape(self.decimal)
        grouped = rf"[1-9][0-9]{{0,2}}(?:{self.group_mark}[0-9]{{3}})+(?:{mark}[0-9]*)?|" if self.thousands else ""
        return rf"^\s*[+-]?(?:{grouped}[0-9]+(?:{mark}[0-9]*)?(?:[eE][+-]?[0-9]+)?)\s*$"

    def plain(self, value: object) -> object:
        """Return a text as programs write numbers, anything else as it is; raise `ValueError` for another form."""
        if not isinstance(value, str) or not value.strip() or self.is_plain:
            return value
        if not self._compiled.match(value):
            said = f'decimal = "{self.decimal}"' + (f' and thousands = "{self.thousands}"' if self.thousands else "")
            raise ValueError(f"{shown(value)} is not a number with {said}, as [event] says")
        if self.thousands:
            value = re.sub(self.group_mark, "", value)
        return value.replace(self.decimal, ".")

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.expression)


PLAIN = NumberFormat()
