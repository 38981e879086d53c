"""Detection of card numbers in text: 13 to 19 digits that pass the Luhn check, in groups or not."""

from __future__ import annotations

import re

_MIN_DIGITS, _MAX_DIGITS = 13, 19
# Digits, in groups with a space, a dash, a dot or the like between them.
_GROUPS = re.compile(r"\d+(?:[\s.\-\u2013/]{1,2}\d+)*")


def holds_card_number(text: str) -> bool:
    """Return whether a text holds what can be a card number, be it with other digits around it."""
    return any(_holds_one(re.findall(r"\d+", found)) for found in _GROUPS.findall(text))


def _holds_one(groups: list[str]) -> bool:
    """Return whether neighbouring groups of digits make up a card number."""
    for first in range(len(groups)):
        digits = ""
        for group in groups[first:]:
            digits += group
            if len(digits) > _MAX_DIGITS:
                break
            if len(digits) >= _MIN_DIGITS and passes_luhn(digits):
                return True
    return False


def passes_luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of those before it (ISO/IEC 7812-1, annex B)."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0
