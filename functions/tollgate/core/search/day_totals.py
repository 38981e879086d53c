"""Day totals of days that are over, a month in one object: who sums up many days need not read their segments.

A day's sum says of which segments it is. These never change, so it holds for as long as the day has them and no others.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tollgate.core.search.deflated import deflate_json, inflate_json
from tollgate.core.search.segment_names import SegmentName
from tollgate.core.search.summary import Summary

_FORM = 1


@dataclass(frozen=True)
class DaySum:
    """What the latest rows of a day come to, and the mark of the segments that hold them."""

    segments: str
    summary: Summary


# By day, as in 2026-11-26.
DaySums = Mapping[str, DaySum]


def month_of(day: str) -> str:
    """Return the month of a day, as in 2026-11."""
    return day[:7]


def mark_of(names: Iterable[SegmentName]) -> str:
    """Return what tells these segments of a day from any others."""
    return hashlib.sha256("".join(sorted(name.digest for name in names)).encode()).hexdigest()[:32]


def is_sum_of(kept: DaySum | None, names: Iterable[SegmentName]) -> bool:
    """Return whether what is kept of a day is the sum of these segments."""
    return kept is not None and kept.segments == mark_of(names)


def write_day_sums(sums: DaySums) -> bytes:
    """Return sums as bytes."""
    days = {day: [one.segments, one.summary.to_json()] for day, one in sums.items()}
    return deflate_json({"form": _FORM, "days": days})


def read_day_sums(content: bytes) -> DaySums:
    """Rebuild what `write_day_sums` wrote; of bytes that it did not write, return nothing: they are written anew."""
    try:
        plain = inflate_json(content)
        if plain["form"] != _FORM:
            return {}
        return {day: DaySum(mark, Summary.from_json(summary)) for day, (mark, summary) in plain["days"].items()}
    except (zlib.error, ValueError, TypeError, KeyError):
        return {}
