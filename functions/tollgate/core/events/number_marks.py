"""Number marks: the expressions of numbers with marks of decimals and thousands, and advice on texts that are none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

DECIMALS = (".", ",")
# A blank also stands for the narrow and the fixed ones that programs write between digits.
THOUSANDS = (".", ",", " ", "'", "’", "_")
BLANKS = " \u00a0\u202f\u2009"
# Longer texts are none of these.
_MAX_ADVISED = 64
_CODE = r"(?:[A-Za-z]{1,3}\.?|\S{0,3}[^\w\s.,'’+()%-]\S{0,3}?|zł|Kč)"
_AROUND = re.compile(rf"(?P<before>{_CODE})?\s*(?P<number>[+-]?[\d].*?|[+-]?\.\d+)\s*(?P<after>{_CODE})?", re.DOTALL)
_MINUSES = str.maketrans(dict.fromkeys("\u2212\u2013\u2012\ufe63\uff0d", "-"))
# So many characters may be letters of a currency without being one of its signs: "EUR", "CHF", "kr", "Fr.".
_LETTERS = re.compile(r"[A-Z]{3}|[A-Z]{1,2}\$|kr\.?|Fr\.?|Rs\.?|zł|Kč|Ft|lei|руб\.?|р\.|TL|KM|R|eur|usd|gbp")


def group_expression(thousands: str | None) -> str:
    """Return the regular expression of the mark between thousands."""
    return f"[{BLANKS}]" if thousands == " " else re.escape(thousands or "")


def number_expression(decimal: str, thousands: str | None) -> str:
    """Return the regular expression of a number, with every group of thousands whole.

    Thousands begin with no zero and have no exponent: 0.123 and 1.234e3 are written with a decimal point.
    """
    mark = re.escape(decimal)
    grouped = rf"[1-9][0-9]{{0,2}}(?:{group_expression(thousands)}[0-9]{{3}})+(?:{mark}[0-9]*)?|" if thousands else ""
    return rf"^\s*[+-]?(?:{grouped}[0-9]+(?:{mark}[0-9]*)?(?:[eE][+-]?[0-9]+)?)\s*$"


def advise(text: object, decimal: str = ".", thousands: str | None = None) -> str:
    """Return what to do about a text that is no number with these marks, behind a semicolon; empty where nothing helps.

    A number has another mark, a sign of a currency, a percent sign, or a minus that is written otherwise.
    """
    if not isinstance(text, str) or len(text) > _MAX_ADVISED:
        return ""
    plain, steps = _without_extras(text.strip())
    marks = [] if _matches(plain, decimal, thousands) else list(_find_marks(plain))
    if not marks and not _matches(plain, decimal, thousands):
        return ""
    if marks:
        # Where marks are declared, one number with others is more often wrong than the declaration.
        declared = (decimal, thousands) != (".", None)
        steps.append(_describe(marks, decimal) + (" if all numbers are written this way" if declared else ""))
    return f"; {' and '.join(steps)}" if steps else ""


def _without_extras(text: str) -> tuple[str, list[str]]:
    """Return a text without what stands around a number, and what to do about each."""
    steps = []
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
        steps.append("write a minus instead of parentheses")
    if text.translate(_MINUSES) != text:
        text = text.translate(_MINUSES)
        steps.append('write "-" for the minus')
    if text.endswith("%"):
        text = text[:-1].rstrip()
        steps.append("remove the percent sign")
    sign, text = ("-", text[1:].lstrip()) if text.startswith("-") else ("", text)
    if found := _AROUND.fullmatch(text):
        signs = [found[side] for side in ("before", "after") if found[side]]
        if signs and all(map(_is_currency, signs)):
            text = found["number"]
            steps.insert(0, f'remove "{signs[0]}", as a column has to hold plain numbers in one currency')
    if text.endswith("-") and not sign:
        text = text[:-1].rstrip()
        steps.append("write the minus in front")
    return sign + text, steps


def _is_currency(sign: str) -> bool:
    return bool(_LETTERS.fullmatch(sign)) or any(unicodedata.category(letter) == "Sc" for letter in sign)


def _matches(text: str, decimal: str, thousands: str | None) -> bool:
    return re.match(number_expression(decimal, thousands), text) is not None


def _find_marks(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield the marks with which a text is a number, those of decimals alone first."""
    yield from ((decimal, None) for decimal in DECIMALS if _matches(text, decimal, None))
    for decimal in DECIMALS:
        found = (mark for mark in THOUSANDS if mark != decimal and mark in _marks_of(text))
        yield from ((decimal, mark) for mark in found if _matches(text, decimal, mark))


def _marks_of(text: str) -> set[str]:
    return {" " if letter in BLANKS else letter for letter in text}


def _describe(marks: list[tuple[str, str | None]], declared: str) -> str:
    """Return which keys to set; a mark before three digits may be one of either kind."""
    decimal, thousands = marks[0]
    if thousands is None:
        grouping = next((both for both in marks if both[1] == decimal), None)
        more = f" (or, if it groups thousands, {_keys(*grouping, declared)})" if grouping else ""
        return f'set decimal = "{decimal}"{more} in [event]'
    # A number without decimals may have either mark for them; the declared one is told of where it can be.
    usual = next((both for both in marks if both[0] == declared), marks[0])
    return f"set {_keys(*usual, declared)} in [event]"


def _keys(decimal: str, thousands: str | None, declared: str) -> str:
    keys = [f'decimal = "{decimal}"'] if decimal != declared else []
    return " and ".join([*keys, f'thousands = "{thousands}"'])
