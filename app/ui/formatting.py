"""Formatting of numbers, amounts and names for the screen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from app.ui.glossary import meaning

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹"}
NOTHING = "–"
_PERCENT = "%"
_SIZES = ((1e3, "kB"), (1e6, "MB"), (1e9, "GB"))
ACRONYMS = {"id": "ID", "ip": "IP", "url": "URL"}
# Formats of table columns: Streamlit's own, such as "percent", follow the browser's language.
COUNT_FORMAT, PERCENT_FORMAT = "%,d", "%.1f%%"
# Larger factors say no more.
MAX_FACTOR = 1_000_000
SCORE_HELP = meaning("score")


def count(number: int | float | None) -> str:
    """Return a whole number with thousands separators."""
    return NOTHING if number is None else f"{number:,.0f}"


def money(amount: float | None, currency: str, cents: bool = False) -> str:
    """Return an amount such as ``$1,234`` (``$1,234.50`` with cents), or a dash for none."""
    if amount is None:
        return NOTHING
    sign = "−" if amount < 0 else ""
    symbol = SYMBOLS.get(currency, f"{currency}\u00a0" if currency else "")
    return f"{sign}{symbol}{abs(amount):,.{2 if cents else 0}f}"


def percent(share: float | None) -> str:
    """Return a share of 1 as a percentage with two or three significant digits: ``0.42%``, ``7.5%``, ``93%``."""
    if share is None:
        return NOTHING
    value = share * 100
    if 0 < value < 0.01:
        return "under 0.01%"
    digits = f"{value:.{1 if value >= 1 else 2}f}".rstrip("0").rstrip(".")
    return f"{digits}%"


def hundredths(share: float | None) -> float | None:
    """Return a share of 1 as a column of `PERCENT_FORMAT` holds it, None for none."""
    return None if share is None else share * 100


def span(low: float, high: float) -> str:
    """Return two shares of 1 as one range: ``1.4–4%``, or a single percentage where both look the same."""
    ends = percent(low), percent(high)
    return ends[0] if ends[0] == ends[1] else f"{ends[0].removesuffix(_PERCENT)}–{ends[1]}"


def milliseconds(duration_ms: float | None) -> str:
    """Return a duration such as ``14 ms`` or ``0.8 ms``."""
    if duration_ms is None:
        return NOTHING
    return f"{duration_ms:,.{0 if duration_ms >= 10 else 1}f}\u00a0ms"


def size(size_bytes: int) -> str:
    """Return the size of a file: ``640 bytes``, ``12 kB``, ``3.4 MB``."""
    if size_bytes < 1_000:
        return f"{size_bytes} bytes"
    scale, unit = next((one for one in _SIZES if size_bytes < one[0] * 1_000), _SIZES[-1])
    number = size_bytes / scale
    return f"{number:,.{1 if number < 10 else 0}f}\u00a0{unit}"


def title(name: str) -> str:
    """Return a column or outcome name as a label: ``merchant_id`` becomes ``Merchant ID``."""
    words = [ACRONYMS.get(word, word) for word in name.replace("-", "_").split("_") if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def entity(column: str) -> str:
    """Return the entity that a column names: ``customer_id`` names a ``customer``."""
    words = [word for word in column.split("_") if word not in {"id", "token", "key"}] or [column]
    return " ".join(ACRONYMS.get(word, word) for word in words)


def factor(contribution: float) -> str:
    """Return a contribution in log-odds as a factor on the odds of fraud: ``×3.2``, or below 1 ``÷2``."""
    sign = "×" if contribution >= 0 else "÷"
    if abs(contribution) > math.log(MAX_FACTOR):
        return f"{sign}{MAX_FACTOR:,}+"
    size = math.exp(abs(contribution))
    return f"{sign}{size:,.{1 if size < 10 else 0}f}"


def duration(seconds: float) -> str:
    """Return a length of time in whole units: ``1 hour``, ``7 days``."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds >= length and seconds % length == 0:
            number = round(seconds / length)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{seconds:g} seconds"


def plural(noun: str) -> str:
    """Return an event type's name for many of them, with spaces: ``card_payment`` becomes ``card payments``."""
    text = noun.replace("_", " ")
    return text if text.endswith("s") else f"{text}s"


def false_positive_rate(score: int, scale: Sequence[tuple[int, float]]) -> float | None:
    """Return the share of legitimate events that score this high or higher, or None above the scale's end.

    Between the scale's points the logarithm of the rate is interpolated; at score 0 it is 1.
    """
    points = [(0, 1.0), *((at, rate) for at, rate in scale if at > 0 and rate > 0)]
    for (low, low_rate), (high, high_rate) in itertools.pairwise(points):
        if low <= score <= high:
            share = (score - low) / (high - low)
            return math.exp(math.log(low_rate) * (1 - share) + math.log(high_rate) * share)
    return None


def score_meaning(score: int, scale: Sequence[tuple[int, float]], noun: str) -> str:
    """Return what a score means in false positives, as a sentence."""
    if not scale:
        return "This detector version does not map scores to false positive rates."
    rate = false_positive_rate(score, scale)
    if rate is None:
        return f"Fewer than {percent(scale[-1][1])} of legitimate {plural(noun)} score this high."
    if rate > 0.995:
        return f"Every legitimate {noun.replace('_', ' ')} scores this high or higher."
    return f"About {percent(float(f'{rate:.2g}'))} of legitimate {plural(noun)} score this high or higher."
