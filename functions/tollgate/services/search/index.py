"""Indexing of decisions and their labels for searches: segments are written and merged, and past days summed up."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.adapters.s3.segments import DayTotalStore, SegmentGoneError, SegmentStore
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.events.event import PAIR_SEPARATOR
from tollgate.core.events.reader import read_amount
from tollgate.core.search.entry import UNLABELED, Entry, EntryKind, Rows, join
from tollgate.core.search.segment import read_rows, write_segment
from tollgate.core.search.segment_names import SegmentName, choose_to_merge
from tollgate.core.search.summary import DayTotal, DayTotals, is_total_of, mark_of, month_of
from tollgate.core.times.time_format import TimeFormat
from tollgate.errors import ChangedError, SealError, UnavailableError
from tollgate.observability import describe_error
from tollgate.services.container import Container
from tollgate.services.search.read import Days, IndexReader, read_index
from tollgate.services.search.summarize import total_days

_log = logging.getLogger(__name__)
# Segments of today are looked through for too many after one write in so many: listing costs as much as writing.
_ONE_IN = 8
_ATTEMPTS = 5


@dataclass(frozen=True)
class Change:
    """A decision as the table's stream has it: new, or with a label. ``written_s`` is when, since 1970."""

    sequence: str
    written_s: int
    record: DecisionRecord


def index_decisions(container: Container, changes: Sequence[Change]) -> None:
    """Write the changes of each day on which events were decided on as a segment, and merge those that are many.

    The sums of days that are over are kept. The same changes again write the same segments. Raises `UnavailableError`
    if the bucket does not take them.
    """
    by_day: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        decision = change.record.decision
        by_day.setdefault((decision.detector, decision.decided_at[:10]), []).append(change)
    to_tidy: dict[str, set[str]] = {}
    for (detector, day), of_day in by_day.items():
        content = write_segment(Rows.of([read_entry(container.versions, change) for change in of_day]))
        name = SegmentName.of(detector, day, 0, max(change.written_s for change in of_day), content)
        container.segments.write(name, content)
        to_tidy.setdefault(detector, set()).update(_days_to_tidy(name))
    for detector, days in to_tidy.items():
        _tidy(container, detector, days)


def read_entry(versions: VersionStore, change: Change) -> Entry:
    """Return what the index keeps of a decision. Pairs of entities are left out: their parts find what they would."""
    record, decision = change.record, change.record.decision
    return Entry(
        sequence=change.sequence,
        event_id=decision.event_id,
        decided_us=TimeFormat().read(decision.decided_at),
        time_us=round(record.time_s * 1e6),
        score=decision.score,
        probability=decision.probability,
        amount=_read_amount(versions, record),
        kind=EntryKind.of(decision),
        entities={entity: key for entity, key in record.entities.items() if PAIR_SEPARATOR not in key},
        label=record.label or UNLABELED,
        known_us=round((record.known_s or 0.0) * 1e6),
    )


def _read_amount(versions: VersionStore, record: DecisionRecord) -> float | None:
    decision = record.decision
    try:
        event_type = versions.event_type(decision.detector, decision.detector_version)
    except SealError as error:  # the version was deleted
        _log.warning("Indexed without an amount: %s", error)
        return None
    amount = read_amount(event_type, record.event)
    return None if math.isnan(amount) else amount


def _days_to_tidy(written: SegmentName) -> list[str]:
    """Return the days that may have too many segments now; the day that is over, once the next one has begun."""
    today = clock.today()
    if written.day != today.isoformat():
        return [written.day]
    if int(written.digest, 16) % _ONE_IN:
        return []
    return [today.isoformat(), (today - timedelta(days=1)).isoformat()]


def _tidy(container: Container, detector: str, days: Collection[str]) -> None:
    """Merge segments of days that have too many, and keep the sums of those that are over."""
    today = clock.today().isoformat()
    try:
        for day in sorted(days):
            merge_segments(container.segments, detector, day, is_over=day < today)
        keep_day_totals(container.segments, container.day_totals, detector, days)
    except UnavailableError as error:  # a later write does it
        _log.warning("Segments were not tidied: %s", describe_error(error))


def merge_segments(segments: SegmentStore, detector: str, day: str, *, is_over: bool) -> SegmentName | None:
    """Merge segments of a day if they are too many; return the merged one.

    Those that it holds are deleted when it is written, so nothing is ever in none. Whatever others do meanwhile, a row
    may be in several segments then, which readers take for one.
    """
    chosen = choose_to_merge(segments.find(detector, day, day), is_over=is_over)
    if not chosen:
        return None
    try:
        rows = join([read_rows(segments.read_whole(name)) for name in chosen])
    except SegmentGoneError:  # somebody else merges them
        return None
    content = write_segment(rows)
    level, newest_s = max(name.level for name in chosen) + 1, max(name.newest_s for name in chosen)
    merged = SegmentName.of(detector, day, level, newest_s, content)
    segments.write(merged, content)
    segments.delete(chosen)
    return merged


def keep_day_totals(segments: SegmentStore, kept: DayTotalStore, detector: str, days: Collection[str]) -> None:
    """Write the sums of days that are over and have other segments than those that the kept sums are of.

    A sum that is not kept is added up each time that it is asked for. Raises `UnavailableError` if the bucket does not
    answer.
    """
    today = clock.today().isoformat()
    for month, past in groupby(sorted(day for day in days if day < today), key=month_of):
        of_month = list(past)
        for _ in range(_ATTEMPTS):
            with suppress(ChangedError):
                _keep_month(segments, kept, detector, month, of_month)
                break
        else:
            _log.warning("The sums of %s changed again and again; they are kept another time.", month)


def _keep_month(segments: SegmentStore, kept: DayTotalStore, detector: str, month: str, days: list[str]) -> None:
    sums, etag = kept.read(detector, month)
    asked = Days(detector, date.fromisoformat(days[0]), date.fromisoformat(days[-1]))
    fresh = read_index(segments, asked, lambda reader: _sum_changed(reader, sums, days))
    if fresh:
        kept.write(detector, month, {**sums, **fresh}, etag)


def _sum_changed(reader: IndexReader, kept: DayTotals, days: Collection[str]) -> DayTotals:
    changed = {day: names for day, names in reader.by_day() if day in days and not is_total_of(kept.get(day), names)}
    return {day: DayTotal(mark_of(changed[day]), summary) for day, summary in total_days(reader, changed).items()}
