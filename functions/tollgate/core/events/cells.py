"""Cell parsing: outside values (text, JSON, typed tables) into numbers and keys, with a reason for each bad one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from tollgate.core.events.event import PAIR_SEPARATOR, Floats
from tollgate.core.events.number_marks import advise

MAX_TEXT = 256
MAX_NUMBER = 1e15
_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "f"})
_REFUSED = frozenset(("\x00", "\x1c", "\x1d", "\x1e", PAIR_SEPARATOR))
_CLEAN = frozenset({str, int, float, type(None)})
# Words that programs write for a missing value, and those that people do; the latter may also be a category.
NULL_WORDS = (
    *("NULL", "null", "Null", "None", "NaN", "nan", "NAN", "\\N", "undefined", "<NA>", "(null)", "#N/A", "NaT", "nil"),
)
SPOKEN_NULLS = ("N/A", "n/a", "NA", "-", "--", "unknown", "Unknown", "UNKNOWN", "none", "NONE", "missing", "n.a.")
# Whole numbers as programs write them that hold them as floats or decimals. Only text has zeros in front.
WHOLE_WITH_ZEROS = re.compile(r"-?(?:0|[1-9][0-9]*)\.0+")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
SPELLED_BOOLEANS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be used. ``row`` counts from 0; ``message`` names the value and what is expected."""

    row: int
    column: str
    message: str


def shown(value: object) -> str:
    """Return a value as an error message may show it: quoted, and cut when long."""
    text = str(value)
    return f'"{text[:40]}…"' if len(text) > 40 else f'"{text}"'


def read_each(
    column: str, values: Sequence[object], read: Callable[[object], float], missing: float
) -> tuple[Floats, list[Problem]]:
    """Apply ``read`` to every value; where it raises `ValueError`, put ``missing`` and note the problem."""
    out, problems = [], []
    for row, value in enumerate(values):
        try:
            out.append(read(value))
        except ValueError as error:
            out.append(missing)
            problems.append(Problem(row, column, str(error)))
    return np.array(out, dtype=np.float64), problems


def read_number(value: object) -> float:
    """Return a finite number, NaN for a missing one; raise `ValueError` otherwise."""
    if value is None or value == "":
        return math.nan
    try:
        if isinstance(value, bool) or (isinstance(value, str) and "_" in value):
            raise ValueError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"{shown(value)} is not a number{_if_unknown(value)}") from None
    except OverflowError:  # a whole number of hundreds of digits
        raise ValueError(f"{shown(value)} is beyond ±{MAX_NUMBER:.0e}") from None
    if not math.isfinite(number):
        raise ValueError(f"{shown(value)} is not a finite number{_if_unknown(value)}")
    if abs(number) > MAX_NUMBER:
        raise ValueError(f"{shown(value)} is beyond ±{MAX_NUMBER:.0e}")
    return number


def _if_unknown(value: object) -> str:
    word = value.strip() if isinstance(value, str) else ""
    if word in NULL_WORDS or word in SPOKEN_NULLS:
        return "; leave it empty if it is unknown, or list it as null_values in [event]"
    return "; leave it empty if it is unknown" if isinstance(value, float) else advise(value)


@dataclass(frozen=True)
class NumberRange:
    """Numbers that a column may hold: those within ±``limit``; ``read`` refuses all others."""

    limit: float
    read: Callable[[object], float]

    @classmethod
    def within(cls, limit: float) -> NumberRange:
        """Return the range of ±``limit``."""

        def read(value: object) -> float:
            number = read_number(value)
            if abs(number) > limit:  # not so of NaN
                raise ValueError(f"{shown(value)} is not between {-limit:g} and {limit:g}")
            return number

        return cls(limit, read)


NUMBER = NumberRange(MAX_NUMBER, read_number)


def parse_numbers(values: Sequence[object], limit: float) -> Floats | None:
    """Return clean values as numbers within ±limit, parsed at once; None where one has to be looked at by itself."""
    kinds = set(map(type, values))
    # What NumPy takes for a number and `read_number` does not: booleans, nested values, digits grouped by underscores.
    if not kinds <= _CLEAN or (str in kinds and any("_" in value for value in values if isinstance(value, str))):
        return None
    try:
        numbers = np.array([value if value != "" else None for value in values], dtype=np.float64)
    except (ValueError, OverflowError):
        return None
    unknown = sum(value is None or value == "" for value in values)
    return numbers if int((np.abs(numbers) <= limit).sum()) + unknown == len(values) else None


def read_boolean(value: object) -> float:
    """Return 1.0, 0.0, or NaN for a missing value; raise `ValueError` otherwise."""
    if value is None or value == "":
        return math.nan
    text = read_word(value)
    if text in _TRUE:
        return 1.0
    if text in _FALSE:
        return 0.0
    raise ValueError(
        f"{shown(value)} is neither true nor false; write yes or no, or declare the column as categorical in [event]"
    )


def read_text(value: object) -> str | None:
    """Return a value as the text that identifies it, None when missing.

    A whole number and a boolean have one text, whatever source and program wrote them: "36" is also 36, 36.0, "36.0"
    and a decimal 36.00, and "true" is also true, "True" and "TRUE". Any other text stays as it is.
    """
    if value is None:
        return None
    if isinstance(value, str):
        # Separators are blanks to Python: at an end of a text they would go without a word.
        if not value.isprintable() and not _REFUSED.isdisjoint(value):
            raise ValueError(f"{shown(value)} has a control character")
        text = one_spelling(value.strip())
    elif isinstance(value, dict | list):
        raise ValueError("a nested value is not a text")
    else:
        spelled = _spell(value)
        if spelled is None:
            return None
        text = spelled
    if len(text) > MAX_TEXT:
        raise ValueError(f"{shown(text)} is longer than {MAX_TEXT} characters")
    return text or None


def read_word(value: object) -> str:
    """Return a value as a word in lower case, to be compared; empty when missing."""
    try:
        return (read_text(value) or "").lower()
    except ValueError:
        return str(value).lower()


def one_spelling(text: str) -> str:
    """Return the text of a key: without the zeros behind the point of a whole number, booleans in lower case."""
    # Most texts end in something else, and the pattern need not be tried.
    if text[-1:] == "0" and WHOLE_WITH_ZEROS.fullmatch(text):
        whole = text.partition(".")[0]
        return "0" if whole == "-0" else whole
    return SPELLED_BOOLEANS.get(text, text)


def one_key(text: str) -> str:
    """Return a key, or a pair of them, as it is read now; versions and items from before may hold "36.0"."""
    return PAIR_SEPARATOR.join(map(one_spelling, text.split(PAIR_SEPARATOR)))


def earlier_spellings(text: str) -> tuple[str, ...]:
    """Return the other texts under which a key may be stored: those of before whole numbers had one."""
    return (f"{text}.0",) if _WHOLE.fullmatch(text) else ()


def _spell(value: object) -> str | None:
    """Return a typed value as a text, None where it is not a number."""
    if hasattr(value, "item"):  # a number of NumPy
        value = value.item()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | Decimal):
        if value != value:  # noqa: PLR0124 - NaN
            return None
        if math.isfinite(value) and value == int(value):
            return str(int(value))
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def read_texts(column: str, values: Sequence[object]) -> tuple[list[str | None], list[Problem]]:
    """Read a column of identifying texts."""
    out: list[str | None] = []
    problems = []
    for row, value in enumerate(values):
        try:
            out.append(read_text(value))
        except ValueError as error:
            out.append(None)
            problems.append(Problem(row, column, str(error)))
    return out, problems
