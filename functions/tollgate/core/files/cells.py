"""Cells and column names of results, safe to open in a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence

# A cell that begins with one of these is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: object) -> str:
    """Return a value as a CSV cell: numbers as they are, an apostrophe before a text that a spreadsheet would run."""
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    text = str(value)
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return a name for a column that Tollgate adds to a file: with `tollgate_` in front where it is taken."""
    return name if name not in taken else free_name(f"tollgate_{name}", taken)
