"""Columns of outside values (text, JSON, typed tables) into numbers, times and keys, with a reason for each bad one."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from tollgate.core.event import PAIR_SEPARATOR, Floats, Ints

MAX_TEXT = 256
# Forms of a time that have a name; any other is a strptime pattern.
TIME_FORMATS = ("iso", "epoch_s", "epoch_ms")
MAX_NUMBER = 1e15
_COMPACT_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])")
_TRUE = frozenset({"true", "1", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "no", "n", "f"})
_CLEAN = frozenset({str, int, float, type(None)})
# 1900 to 2200: outside, the unit or the format is wrong, not the century.
EARLIEST_S = -2_208_988_800
LATEST_S = 7_258_118_400
OUTSIDE = "{} is not a time between 1900 and 2200"


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
        raise ValueError(f"{shown(value)} is not a number") from None
    except OverflowError:  # a whole number of hundreds of digits
        raise ValueError(f"{shown(value)} is beyond ±{MAX_NUMBER:.0e}") from None
    if not math.isfinite(number):
        raise ValueError(f"{shown(value)} is not a finite number; leave it empty if it is unknown")
    if abs(number) > MAX_NUMBER:
        raise ValueError(f"{shown(value)} is beyond ±{MAX_NUMBER:.0e}")
    return number


def read_numbers(column: str, values: Sequence[object]) -> tuple[Floats, list[Problem]]:
    """Read a column of numbers. Text is parsed at once when all of it is clean, value by value otherwise."""
    kinds = set(map(type, values))
    # What NumPy takes for a number and `read_number` does not: booleans, nested values, digits grouped by underscores.
    if not kinds <= _CLEAN or (str in kinds and any("_" in value for value in values if isinstance(value, str))):
        return read_each(column, values, read_number, math.nan)
    try:
        quick = np.array([value if value != "" else None for value in values], dtype=np.float64)
    except (ValueError, OverflowError):
        return read_each(column, values, read_number, math.nan)
    unknown = sum(value is None or value == "" for value in values)
    within = np.abs(quick) <= MAX_NUMBER
    if int(within.sum()) + unknown == len(values):
        return quick, []
    return read_each(column, values, read_number, math.nan)


def bound(low: float, high: float) -> Callable[[object], float]:
    """Return a reader of numbers that must lie between ``low`` and ``high``."""

    def read(value: object) -> float:
        number = read_number(value)
        if not math.isnan(number) and not low <= number <= high:
            raise ValueError(f"{shown(value)} is not between {low:g} and {high:g}")
        return number

    return read


def read_boolean(value: object) -> float:
    """Return 1.0, 0.0, or NaN for a missing value; raise `ValueError` otherwise."""
    if value is None or value == "":
        return math.nan
    text = str(value).strip().lower().removesuffix(".0")
    if text in _TRUE:
        return 1.0
    if text in _FALSE:
        return 0.0
    raise ValueError(f"{shown(value)} is neither true nor false")


def read_text(value: object) -> str | None:
    """Return a value as the text that identifies it, None when missing; whole numbers look the same from any source."""
    if value is None:
        return None
    if isinstance(value, float):
        if math.isnan(value):
            return None
        value = int(value) if value.is_integer() else value
    if isinstance(value, dict | list):
        raise ValueError("a nested value is not a text")
    text = str(value).lower() if isinstance(value, bool) else str(value).strip()
    if PAIR_SEPARATOR in text:
        raise ValueError(f"{shown(text)} has a control character")
    if len(text) > MAX_TEXT:
        raise ValueError(f"{shown(text)} is longer than {MAX_TEXT} characters")
    return text or None


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


def read_time(value: object, form: str) -> float:
    """Return microseconds since 1970 UTC. ``form`` is ``iso``, ``epoch_s``, ``epoch_ms`` or a strptime pattern.

    A time without a zone is UTC. Under ``iso`` a number is taken as seconds since 1970.
    """
    if value is None or value == "":
        raise ValueError("a timestamp is required")
    if isinstance(value, datetime):
        return _microseconds(value, value)
    if form in TIME_FORMATS:
        return _read_time_number_or_iso(value, form)
    try:
        moment = datetime.strptime(str(value).strip(), form)
    except ValueError:
        raise ValueError(f'{shown(value)} does not follow timestamp_format "{form}"') from None
    return _microseconds(moment, value)


def _microseconds(moment: datetime, value: object) -> float:
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - datetime(1970, 1, 1, tzinfo=UTC)
    if not EARLIEST_S <= since.total_seconds() <= LATEST_S:
        raise ValueError(OUTSIDE.format(shown(value)))
    # Whole microseconds: seconds as a float lose the last ones from 2106 on.
    return float(since // timedelta(microseconds=1))


def _read_time_number_or_iso(value: object, form: str) -> float:
    text = str(value).strip()
    try:
        seconds = float(text) / (1000 if form == "epoch_ms" else 1)
    except ValueError:
        if form != "iso":
            raise ValueError(f'{shown(value)} is not a number, as timestamp_format "{form}" says') from None
        return _read_iso(text)
    if form == "iso" and _COMPACT_DATE.fullmatch(text):
        raise ValueError(f'{shown(value)} looks like a date; set timestamp_format = "%Y%m%d" (or "epoch_s") in [event]')
    if not EARLIEST_S <= seconds <= LATEST_S:
        raise ValueError(
            f"{OUTSIDE.format(shown(value))} in seconds since 1970; "
            'for milliseconds set timestamp_format = "epoch_ms" in [event]'
        )
    return round(seconds * 1e6)


def _read_iso(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{shown(text)} is no time such as 2026-01-31T13:24:11Z; set timestamp_format in [event] for another form"
        ) from None
    return _microseconds(moment, text)


def read_times(column: str, values: Sequence[object], form: str) -> tuple[Ints, list[Problem]]:
    """Read a column of times: microseconds since 1970 UTC, 0 where there is a problem."""
    moments, problems = read_each(column, values, lambda value: read_time(value, form), 0.0)
    return np.rint(moments).astype(np.int64), problems
