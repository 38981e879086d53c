"""Markdown writer for sentences, lists and tables; all text is escaped and formats nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_SPECIAL = re.compile(r"([\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_]))")
# What makes a heading, a list or a rule of a line that begins with it.
_OPENS_A_BLOCK = re.compile(r"^(?:(?=[#+=-])|(\d+)(?=[.)](?:\s|$)))")
_NONE = "–"


def write_inline(text: object) -> str:
    """Return text on one line in which no character means anything to Markdown, for the inside of a line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def write_text(text: object) -> str:
    """Return text as `write_inline` does, for the beginning of a line."""
    return _OPENS_A_BLOCK.sub(lambda found: f"{found[1] or ''}\\", write_inline(text))


def write_bullets(texts: Iterable[object]) -> Iterator[str]:
    """Yield the lines of a list."""
    return (f"- {write_text(text)}" for text in texts)


def write_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table; None is shown as a dash."""
    yield f"| {' | '.join(write_inline(heading) for heading in headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(write_inline(_NONE if cell is None else cell) for cell in row)} |"
