"""Positions in a TOML file: line and column of a value, and of a character inside a string."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Keys from the outermost table to a value; a number is the place of a table among those of one [[name]], from 0.
Path = tuple[str | int, ...]
_TOKEN = re.compile(
    r"""'''.*?'''(?!')|\"{3}(?:\\.|[^\\])*?\"{3}(?!")|'[^'\n]*'|"(?:\\.|[^"\\\n])*"|\#[^\n]*|[\[\]{}\n]""", re.DOTALL
)
# The first sign of a line that is neither empty nor a comment.
_WRITTEN = re.compile(r"[ \t]*[^\s#]")
_NAME = re.compile(r"""\s*("(?:\\.|[^"\\])*"|'[^']*'|[\w-]+)\s*(\.?)""", re.ASCII)
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^uU\n])")
_JOINED_LINES = re.compile(r"\\[ \t]*\n[ \t\n]*")


@dataclass(frozen=True)
class Place:
    """A line and a column, both from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True)
class Statement:
    """A heading or a key of a file: what it is about, where its line begins, and where a key's value begins."""

    path: Path
    start: int
    value_at: int | None


def read_statements(text: str) -> Iterator[Statement]:
    """Yield the headings and keys of a valid TOML file in their order."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for start, end in _split(text):
        at = end - len(text[start:end].lstrip())
        brackets = 2 if text.startswith("[[", at) else int(text[at] == "[")
        names, after = _read_names(text, at + brackets)
        if brackets == 0:
            yield Statement((*table, *names), start, end - len(text[after + 1 : end].lstrip()))
            continue
        table = (names[0], counts[names[:1]], *names[1:]) if names[:1] in counts else names
        if brackets == 2:
            counts[names] = counts.get(names, -1) + 1
            table = (*names, counts[names])
        yield Statement(table, start, None)


def _split(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the lines of each statement begin and end; one goes on in the next line within brackets."""
    start, depth = 0, 0
    for token in _TOKEN.finditer(f"{text}\n"):
        depth += (token[0] in "[{") - (token[0] in "]}")
        if token[0] == "\n" and depth == 0:
            if _WRITTEN.match(text, start):
                yield start, token.start()
            start = token.end()


def _read_names(text: str, at: int) -> tuple[Path, int]:
    """Return the names that stand from a position on, joined by dots, and where they end."""
    names: list[str] = []
    while found := _NAME.match(text, at):
        names.append(found[1].strip("\"'"))
        at = found.end()
        if not found[2]:
            break
    return tuple(names), at


def find(text: str, path: Path) -> Statement | None:
    """Return the statement about a path, or else that about the nearest table around it; None without any."""
    about = [found for found in read_statements(text) if found.path[:1] == path[:1]]
    around = [found for found in about if found.path == path[: len(found.path)]]
    return max(around or about[:1], key=lambda found: len(found.path), default=None)


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
