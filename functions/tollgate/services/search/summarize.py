"""Summaries of decisions and their money by day, added up from those of segments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from tollgate.adapters.s3.segments import DayTotalStore, SegmentStore
from tollgate.core.detectors.score import TOP_SCORE
from tollgate.core.search.entry import MARKS, EntryKind, join
from tollgate.core.search.query import is_older_than_all
from tollgate.core.search.segment import find_labels, read_head, read_rows, read_summary
from tollgate.core.search.segment_names import SegmentName
from tollgate.core.search.summary import (
    NOTHING,
    SCORE_STEP,
    DayTotals,
    Summary,
    Tally,
    add_tallies,
    is_total_of,
    month_of,
)
from tollgate.core.times.timestamps import write_moment
from tollgate.services.container import Container
from tollgate.services.search.read import IndexReader, read_index
from tollgate.services.search.terms import SearchTerms, read_days

_HOURS = range(24)
_STEPS = range(0, TOP_SCORE + 1, SCORE_STEP)
# What tallies are added up by.
Names = dict[str, Any]


def summarize_decisions(container: Container, terms: SearchTerms) -> dict[str, Any]:
    """Return what the decisions of each day come to; a day without any is left out.

    Raises `InputError` for days in the wrong order or too many, `NotFoundError` for an unknown detector.
    """
    version = container.champion(terms.detector)
    days = read_days(version.detector, terms.first, terms.last)

    def summarize(reader: IndexReader) -> tuple[dict[str, Summary], int | None]:
        return summarize_segments(reader, version.detector, container.day_totals), reader.indexed_s

    summaries, indexed_s = read_index(container.segments, days, summarize)
    return {
        "days": [serialize_summary(day, summary) for day, summary in summaries.items()],
        "indexed_until": None if indexed_s is None else write_moment(indexed_s * 10**6),
    }


def summarize_segments(reader: IndexReader, detector: str, kept: DayTotalStore) -> dict[str, Summary]:
    """Return the summaries of all days: those that are kept, and of other days from their segments."""
    by_day = dict(reader.by_day())
    months = reader.map(lambda month: kept.read(detector, month)[0], sorted({month_of(day) for day in by_day}))
    sums: DayTotals = {day: one for month in months for day, one in month.items()}
    changed = {day: names for day, names in by_day.items() if not is_total_of(sums.get(day), names)}
    added_up = total_days(reader, changed)
    return {day: added_up[day] if day in changed else sums[day].summary for day in by_day}


def total_days(reader: IndexReader, days: Mapping[str, Sequence[SegmentName]]) -> dict[str, Summary]:
    """Return the summaries of days from their segments, which are read side by side, and so are days."""
    largest = {day: max(names, key=lambda name: (name.size_bytes, name.key)) for day, names in days.items()}
    rest = [name for day, names in days.items() for name in names if name is not largest[day]]
    contents = dict(zip(rest, reader.map(reader.store.read_whole, rest), strict=True))

    def summarize(day: str) -> Summary:
        others = [contents[name] for name in days[day] if name is not largest[day]]
        return summarize_day(reader.store, largest[day], others)

    return dict(zip(days, reader.map(summarize, days), strict=True))


def summarize_day(store: SegmentStore, largest: SegmentName, others: Sequence[bytes]) -> Summary:
    """Return the summary of a day's latest rows, from its largest segment and the contents of all others.

    Where the largest one is older, as it is for labels that come later, it is not read: the rows that the others have
    again come off its summary. They are the same there but for their labels.
    """
    head = store.head(largest)
    rows = join([read_rows(content, with_texts=False) for content in others]).latest()
    if not is_older_than_all(head, [read_head(content) for content in others]):
        return Summary.of(join([read_rows(store.read_whole(largest), with_texts=False), rows]).latest())
    wanted = [head.summary_range, head.events_range] if others else [head.summary_range]
    summary, *events = store.read(largest, wanted)
    if not others:
        return read_summary(summary)
    is_there, labels = find_labels(events[0], rows.columns["event"])
    before = rows.columns.copy()
    before["label"] = labels
    again = replace(rows, columns=before).take(is_there)
    return read_summary(summary) - Summary.of(again) + Summary.of(rows)


def serialize_summary(day: str, summary: Summary) -> dict[str, Any]:
    """Return counts and money of a day: in all, and by outcome, version, rule, hour and score."""
    kinds = summary.kinds
    return {
        "day": day,
        **_serialize(add_tallies(kinds.values())),
        **{mark: _count(kinds, mark) for mark in MARKS},
        "outcomes": _add_by(kinds, lambda kind: [{"outcome": kind.outcome}]),
        "versions": _add_by(kinds, lambda kind: [{"detector_version": kind.version}]),
        "rules": _add_by(kinds, _rules),
        "overlaps": _add_by(kinds, _pairs_of_rules),
        "hours": _spread(summary.hours, _HOURS),
        "scores": _spread(summary.scores, _STEPS),
    }


def _serialize(tally: Tally) -> dict[str, Any]:
    count, cents, risk = tally
    return {"decisions": count, "amount": cents / 100, "money_at_risk": risk / 100}


def _count(kinds: Mapping[tuple[EntryKind, str], Tally], mark: str) -> int:
    return sum(tally[0] for (kind, _), tally in kinds.items() if kind.marks()[mark])


def _rules(kind: EntryKind) -> Iterable[Names]:
    for rule, shadow in kind.rules:
        yield {"rule": rule, "shadow": shadow, "outcome": kind.outcome}


def _pairs_of_rules(kind: EntryKind) -> Iterable[Names]:
    """Yield the pairs of rules that matched the same events, each in the order of their names."""
    for pair in combinations(sorted(rule for rule, _ in kind.rules), 2):
        yield {"rules": list(pair)}


def _add_by(
    kinds: Mapping[tuple[EntryKind, str], Tally], name: Callable[[EntryKind], Iterable[Names]]
) -> list[dict[str, Any]]:
    """Return tallies by what a kind is named, and by label."""
    found: dict[str, tuple[Names, list[Tally]]] = {}
    for (kind, label), tally in kinds.items():
        for names in name(kind):
            named = {**names, "label": label}
            found.setdefault(repr(named), (named, []))[1].append(tally)
    return [{**named, **_serialize(add_tallies(tallies))} for _, (named, tallies) in sorted(found.items())]


def _spread(tallies: Mapping[tuple[int, str], Tally], steps: range) -> dict[str, dict[str, list[float]]]:
    """Return for each name its counts and amounts along all steps, zero where there is nothing."""
    return {
        name: {
            "decisions": [tallies.get((step, name), NOTHING)[0] for step in steps],
            "amount": [tallies.get((step, name), NOTHING)[1] / 100 for step in steps],
        }
        for name in sorted({name for _, name in tallies})
    }
