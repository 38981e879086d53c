"""Lexer of rules: text into tokens, each with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tollgate.core.rules.operators import ABSENT, INFIX, PREFIX
from tollgate.errors import RuleError

MAX_CHARACTERS = 10_000
RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"),
        *("namespace", "return", "var", "void", "while"),
    }
)
_OPERATOR_SIGNS = {*INFIX, *PREFIX}
WORDS = frozenset({"true", "false", "null"} | {sign for sign in _OPERATOR_SIGNS if sign.isidentifier()})

TokenKind = Literal["number", "text", "name", "word", "sign", "end"]

_SIGNS = sorted((_OPERATOR_SIGNS - WORDS) | {*"()[],"}, key=len, reverse=True)
_BLANK = re.compile(r"(?:[ \t\n\f\r]+|//[^\n]*)*")
# CEL's FLOAT_LIT and the decimal INT_LIT; a letter right behind it is caught below.
_NUMBER = re.compile(r"[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|[0-9]+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED_NAME = re.compile(r"`([^`\n]+)`")
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))"
)
_SHORT = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True)
class Token:
    """A piece of a rule: ``text`` is as written from ``start`` to before ``stop``, ``value`` what a literal means."""

    kind: TokenKind
    text: str
    start: int
    stop: int
    value: str | float = ""


def read_tokens(text: str) -> list[Token]:
    """Return the tokens of a rule, a token of kind "end" the last; raise `RuleError` with the place of a mistake."""
    if len(text) > MAX_CHARACTERS:
        raise RuleError(f"has {len(text):,} characters, and the maximum is {MAX_CHARACTERS:,}", MAX_CHARACTERS)
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    at = _skip(text, 0)
    while at < len(text):
        token = _read(text, at)
        yield token
        at = _skip(text, token.stop)
    yield Token("end", "the end", len(text), len(text))


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _read(text: str, at: int) -> Token:
    if match := _NUMBER.match(text, at):
        return _read_number(text, at, match.end())
    if match := _NAME.match(text, at):
        return _read_word(match[0], at)
    if match := _QUOTED_NAME.match(text, at):
        return Token("name", match[0], at, match.end(), match[1])
    if text[at] in "\"'":
        return _read_text(text, at)
    for sign in _SIGNS:
        if text.startswith(sign, at):
            return Token("sign", sign, at, at + len(sign))
    hint = ABSENT.get(text[at], "a rule has only numbers, texts, names, lists and operators")
    raise RuleError(f'"{text[at]}" is not allowed here: {hint}', at)


def _read_number(text: str, at: int, stop: int) -> Token:
    if stop < len(text) and (text[stop].isalnum() or text[stop] in "._"):
        raise RuleError(f'"{text[at : stop + 1]}" is not a number; write one such as 12, 12.5 or 1e6', at)
    value = float(text[at:stop])
    if math.isinf(value):
        raise RuleError(f'"{text[at:stop][:40]}" is too large for a number', at)
    return Token("number", text[at:stop], at, stop, value)


def _read_word(word: str, at: int) -> Token:
    if word in RESERVED:
        raise RuleError(f'"{word}" is reserved in CEL; write a column with this name in backticks: `{word}`', at)
    return Token("word" if word in WORDS else "name", word, at, at + len(word), word)


def _read_text(text: str, at: int) -> Token:
    quote, parts, place = text[at], [], at + 1
    while place < len(text) and text[place] not in (quote, "\n"):
        if text[place] != "\\":
            parts.append(text[place])
            place += 1
            continue
        match = _ESCAPE.match(text, place)
        if match is None:
            raise RuleError(f'"{text[place : place + 2]}" is not an escape sequence; write a backslash as \\\\', place)
        parts.append(_unescape(match))
        place = match.end()
    if place >= len(text) or text[place] == "\n":
        raise RuleError(f"the text that starts here has no closing {quote}", at)
    return Token("text", text[at : place + 1], at, place + 1, "".join(parts))


def _unescape(match: re.Match[str]) -> str:
    if match[1]:
        return _SHORT.get(match[1], match[1])
    code = int(match[5], 8) if match[5] else int(match[2] or match[3] or match[4], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise RuleError(f'"{match[0]}" is not a character', match.start())
    return chr(code)
