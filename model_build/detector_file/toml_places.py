"""Positions in a TOML file: line and column of a value, and of a character inside a string."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^uU\n])")
_JOINED_LINES = re.compile(r"\\[ \t]*\n[ \t\n]*")


@dataclass(frozen=True)
class Place:
    """A line and a column, both from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


def find_table_key(text: str, table: str, index: int, key: str) -> int | None:
    """Return where the value of ``key`` begins in the ``index``-th ``[[table]]`` of a TOML text; None if not found."""
    headings = list(re.finditer(rf"^[ \t]*\[\[\s*{re.escape(table)}\s*\]\]", text, flags=re.MULTILINE))
    if index >= len(headings):
        return None
    end = headings[index + 1].start() if index + 1 < len(headings) else len(text)
    written = rf"""^[ \t]*["']?{re.escape(key)}["']?[ \t]*=[ \t]*"""
    found = re.compile(written, flags=re.MULTILINE).search(text, headings[index].end(), end)
    return found.end() if found else None


def find_in_text(text: str, value_at: int, offset: int) -> Place:
    """Return the place of the ``offset``-th character of the text whose quotes open at ``value_at``."""
    quote = next(quote for quote in ("'''", '"""', "'", '"') if text.startswith(quote, value_at))
    at = value_at + len(quote)
    if len(quote) == 3 and text.startswith("\n", at):
        at += 1  # TOML drops the line's end behind the opening quotes
    for _ in range(offset):
        at = _next(text, at, quote)
    if quote == '"""' and (joined := _JOINED_LINES.match(text, at)):
        at = joined.end()
    return place_of(text, at)


def _next(text: str, at: int, quote: str) -> int:
    if quote.startswith('"'):
        if quote == '"""' and (joined := _JOINED_LINES.match(text, at)):
            at = joined.end()
        if escape := _ESCAPE.match(text, at):
            return escape.end()
    return at + 1


def place_of(text: str, at: int) -> Place:
    """Return line and column of a position."""
    before = text[:at]
    return Place(before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1)
