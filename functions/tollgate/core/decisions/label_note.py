"""Label note: the reason that somebody gives with a label, and who gave it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tollgate.core.events.card_numbers import holds_card_number
from tollgate.errors import LabelError

# Characters. A record of up to a kilobyte costs one write: most have room for a sentence or two.
MAX_CHARACTERS = {"note": 500, "labelled_by": 200}


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
