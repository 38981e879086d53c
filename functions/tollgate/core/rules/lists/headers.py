"""Headers of columns that stand in a list's file as if they were its first value."""

from __future__ import annotations

import re
from collections.abc import Sequence

# The line above the values of a file that says so.
NO_HEADER = "# This list has no header."
_USUAL = frozenset({"value", "values", "id", "ids", "key", "list", "entry", "entries", "item", "items"})
# With which the names of columns end.
_NOUNS = frozenset(
    {
        "account",
        "address",
        "amount",
        "bin",
        "card",
        "code",
        "customer",
        "date",
        "device",
        "domain",
        "email",
        "hash",
        "host",
        "iban",
        "ip",
        "mail",
        "mcc",
        "merchant",
        "name",
        "no",
        "nr",
        "num",
        "number",
        "pan",
        "phone",
        "postcode",
        "reference",
        "telephone",
        "token",
        "type",
        "url",
        "user",
        "version",
        "zip",
    }
)
_LETTERS = re.compile(r"[^\W\d_]+(?:[ _-][^\W\d_]+)*")


def find_header(values: Sequence[str], quoted: Sequence[bool], asked: Sequence[str]) -> str | None:
    """Say why the first value, without its quotes, looks like a column header.

    ``quoted`` says which values stood in double quotes. ``asked`` are names that the column may have. A column without
    rows has its header alone.
    """
    first, others = values[0], values[1:]
    if quoted[0] and not says_nothing(values, quoted):
        return None
    if is_name(first, asked) and not _is_one_of(first, others, asked):
        return f"is a column header; {_way_out(values, quoted)}"
    if not quoted[0] and _looks_like_name(first, others, asked):
        return f"looks like a column header, because all other values have digits; {_way_out(values, quoted)}"
    return None


def says_nothing(values: Sequence[str], quoted: Sequence[bool]) -> bool:
    """Return whether the quotes of the first value do not show that a value is meant.

    They do where other values could have had quotes and have none. Programs quote all values, or all but the numbers.
    """
    others = zip(values[1:], quoted[1:], strict=True)
    return all(is_quoted or not _has_letter(value) for value, is_quoted in others)


def may_be_header(values: Sequence[str]) -> bool:
    """Return whether the first value would be a header if some column had that name."""
    first, others = values[0], values[1:]
    return _has_letter(first) and not (has_digit(first) and _has_shape_of(first, others))


def is_name(text: str, asked: Sequence[str]) -> bool:
    """Return whether a text is the name of a column that asks the list, or what a column of values is usually named."""
    return _has_letter(text) and _plain(text) in {*map(_plain, asked)} | _USUAL


def has_digit(text: str) -> bool:
    """Return whether a text has a digit."""
    return any(character.isdigit() for character in text)


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, _plain(text)))


def _way_out(values: Sequence[str], quoted: Sequence[bool]) -> str:
    if len(values) == 1:
        return f'remove the line, which leaves no values; if it is a value, put "{NO_HEADER}" on the line above'
    way = "put it after another" if says_nothing(values, quoted) else "put it in double quotes"
    return f"remove the line, or, if it is a value, {way}"


def _is_one_of(first: str, others: Sequence[str], asked: Sequence[str]) -> bool:
    # "ID" is Indonesia among "IN" and "NG"; a word that is spelled just as the column is its name.
    return (first not in asked or has_digit(first)) and _has_shape_of(first, others)


def _has_shape_of(first: str, others: Sequence[str]) -> bool:
    if not others:
        return False
    if all(value.isupper() and value.isalpha() for value in (first, *others)):
        lengths = [*map(len, others)]
        return min(lengths) <= len(first) <= max(lengths)
    shape = _shape(first)
    return all(_shape(value) == shape for value in others)


def _shape(text: str) -> str:
    return "".join("0" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in text)


def _looks_like_name(first: str, others: Sequence[str], asked: Sequence[str]) -> bool:
    if len(others) < 2 or not _LETTERS.fullmatch(first) or not all(map(has_digit, others)):
        return False
    # Over numbers alone, any word is one, in any language.
    if not any(map(_has_letter, others)) or ("_" in first and not any("_" in value for value in others)):
        return True
    last = _last_word(first)
    return bool({last, last.removesuffix("s")} & (_NOUNS | _USUAL | {*map(_last_word, asked)}))


def _last_word(name: str) -> str:
    return _plain(name).rsplit("_", 1)[-1]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.strip().casefold()).strip("_")
