"""Summary of rows: counts and money, by kind, by hour and by score; and summaries of days that are over.

Summaries can be added and subtracted. Those of a month's days are kept in one object, so that the sum of many days
needs none of their segments. A day's summary names the segments that it sums up. Segments never change, so a summary
holds for as long as the day has exactly these.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tollgate.core.search.entry import LABELS, EntryKind, Rows, deflate_json, inflate_json
from tollgate.core.search.segment_names import SegmentName

# Thresholds of the score table are multiples of it.
SCORE_STEP = 5
_HOUR_US = 3600 * 10**6
_FORM = 1

Numbers = NDArray[np.int64]
# How many decisions, the sum of their amounts and that of amount × probability, in cents: whole, so that they add up.
Tally = tuple[int, int, int]
NOTHING: Tally = (0, 0, 0)


@dataclass(frozen=True)
class Summary:
    """Tallies of rows: by kind and label, by hour and outcome, and by the lowest score of a step and label."""

    kinds: Mapping[tuple[EntryKind, str], Tally] = field(default_factory=dict)
    hours: Mapping[tuple[int, str], Tally] = field(default_factory=dict)
    scores: Mapping[tuple[int, str], Tally] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Rows) -> Summary:
        """Sum rows up, of which none is an older row of an event that has another among them."""
        columns = rows.columns
        cents = np.rint(np.nan_to_num(columns["amount"]) * 100)
        at_risk = np.rint(np.nan_to_num(columns["probability"]) * cents)
        sums = np.stack([np.ones(len(rows)), cents, at_risk]).astype(np.int64)
        outcomes = sorted({kind.outcome for kind in rows.kinds})
        outcome_of_kind = np.array([outcomes.index(kind.outcome) for kind in rows.kinds], dtype=np.int64)
        outcome = outcome_of_kind[columns["kind"]]
        hour = columns["decided_us"] // _HOUR_US % 24
        scored = columns["score"] >= 0
        step = columns["score"][scored] // SCORE_STEP * SCORE_STEP
        return cls(
            _tally(columns["kind"], columns["label"], sums, rows.kinds, LABELS),
            _tally(hour, outcome, sums, range(24), outcomes),
            _tally(step, columns["label"][scored], sums[:, scored], range(1001), LABELS),
        )

    def __add__(self, other: Summary) -> Summary:
        """Return the summary of the rows of both."""
        return self._joined(other, 1)

    def __sub__(self, other: Summary) -> Summary:
        """Return the summary without the rows of the other, which are among its own."""
        return self._joined(other, -1)

    def _joined(self, other: Summary, sign: int) -> Summary:
        return Summary(
            _add(self.kinds, other.kinds, sign),
            _add(self.hours, other.hours, sign),
            _add(self.scores, other.scores, sign),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the plain form that segments hold."""
        return {
            "kinds": [[kind.to_json(), label, *tally] for (kind, label), tally in self.kinds.items()],
            "hours": [[*key, *tally] for key, tally in self.hours.items()],
            "scores": [[*key, *tally] for key, tally in self.scores.items()],
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Summary:
        """Rebuild what `to_json` wrote."""
        return cls(
            {(EntryKind.from_json(kind), label): (n, cents, risk) for kind, label, n, cents, risk in plain["kinds"]},
            {(hour, outcome): (n, cents, risk) for hour, outcome, n, cents, risk in plain["hours"]},
            {(score, label): (n, cents, risk) for score, label, n, cents, risk in plain["scores"]},
        )


def add_tallies(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    count = cents = risk = 0
    for more in tallies:
        count, cents, risk = count + more[0], cents + more[1], risk + more[2]
    return count, cents, risk


@dataclass(frozen=True)
class DayTotal:
    """What the latest rows of a day come to, and the mark of the segments that hold them."""

    segments: str
    summary: Summary


# By day, as in 2026-11-26.
DayTotals = Mapping[str, DayTotal]


def month_of(day: str) -> str:
    """Return the month of a day, as in 2026-11."""
    return day[:7]


def mark_of(names: Iterable[SegmentName]) -> str:
    """Return what tells these segments of a day from any others."""
    return hashlib.sha256("".join(sorted(name.digest for name in names)).encode()).hexdigest()[:32]


def is_total_of(kept: DayTotal | None, names: Iterable[SegmentName]) -> bool:
    """Return whether what is kept of a day is the sum of these segments."""
    return kept is not None and kept.segments == mark_of(names)


def write_day_totals(sums: DayTotals) -> bytes:
    """Return sums as bytes."""
    days = {day: [one.segments, one.summary.to_json()] for day, one in sums.items()}
    return deflate_json({"form": _FORM, "days": days})


def read_day_totals(content: bytes) -> DayTotals:
    """Rebuild what `write_day_totals` wrote; of bytes that it did not write, return nothing: they are written anew."""
    try:
        plain = inflate_json(content)
        if plain["form"] != _FORM:
            return {}
        return {day: DayTotal(mark, Summary.from_json(summary)) for day, (mark, summary) in plain["days"].items()}
    except (zlib.error, ValueError, TypeError, KeyError):
        return {}


def _tally(
    first: Numbers, second: Numbers, sums: Numbers, firsts: Sequence[Any], seconds: Sequence[Any]
) -> dict[Any, Tally]:
    """Return the sums, shape (3, n), by what two columns of places name."""
    width = len(seconds)
    cell = first.astype(np.int64) * width + second
    used, place = np.unique(cell, return_inverse=True)
    added = np.zeros((len(used), len(sums)), dtype=np.int64)
    np.add.at(added, place, sums.T)
    keys = [(firsts[number // width], seconds[number % width]) for number in used.tolist()]
    tallies: list[Tally] = [(count, cents, risk) for count, cents, risk in added.tolist()]
    return dict(zip(keys, tallies, strict=True))


def _add(ours: Mapping[Any, Tally], others: Mapping[Any, Tally], sign: int) -> dict[Any, Tally]:
    joined = dict(ours)
    for key, (count, cents, risk) in others.items():
        before = joined.get(key, NOTHING)
        joined[key] = (before[0] + sign * count, before[1] + sign * cents, before[2] + sign * risk)
    return {key: tally for key, tally in joined.items() if tally[0]}
