"""Label note: the reason that somebody gives with a label, and who gave it; it may hold no card number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tollgate.errors import LabelError

# Characters. A record of up to a kilobyte costs one write: most have room for a sentence or two.
MAX_CHARACTERS = {"note": 500, "labelled_by": 200}
_MIN_DIGITS, _MAX_DIGITS = 13, 19
# Digits, in groups with a space, a dash, a dot or the like between them.
_GROUPS = re.compile(r"\d+(?:[\s.\-\u2013/]{1,2}\d+)*")


@dataclass(frozen=True)
class LabelNote:
    """A note on a label, and who gave the label; None for what was not said."""

    note: str | None = None
    labelled_by: str | None = None

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> LabelNote:
        """Return what was said with a label; raise `LabelError` if it is too long or holds a card number."""
        return cls(*(_read(name, raw.get(name)) for name in MAX_CHARACTERS))

    def renews(self, before: LabelNote) -> bool:
        """Return whether, with the same label, it says something new: a label is confirmed by a note alone."""
        return self.note is not None and self != before

    def to_json(self) -> dict[str, str | None]:
        """Return it as it is answered."""
        return {"note": self.note, "labelled_by": self.labelled_by}


NO_NOTE = LabelNote()


def _read(name: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise LabelError(f"{name}: it has to be text.")
    text = (value or "").strip()
    if len(text) > MAX_CHARACTERS[name]:
        raise LabelError(f"{name}: {len(text):,} characters; at most {MAX_CHARACTERS[name]} are kept.")
    if holds_card_number(text):
        raise LabelError(f"{name}: it holds what may be a card number; write its last four digits at most.")
    return text or None


def holds_card_number(text: str) -> bool:
    """Return whether a text holds what can be a card number, even with other digits around it."""
    return any(_holds_one(re.findall(r"\d+", found)) for found in _GROUPS.findall(text))


def _holds_one(groups: list[str]) -> bool:
    """Return whether neighboring groups of digits make up a card number."""
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
