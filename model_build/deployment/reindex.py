"""Reindexing of decisions from their table, for days whose segments were lost or damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tollgate import clock
from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.search.entry import Entry, Rows
from tollgate.core.search.segment import write_segment
from tollgate.core.search.segment_names import SegmentName
from tollgate.services.container import Container
from tollgate.services.search.index import Change, keep_day_totals, merge_segments, read_entry

# Rows that wait in memory to be written, and those of one day that are written before that.
_MAX_ROWS, _MAX_ROWS_PER_DAY = 200_000, 25_000
# Any change from the table's stream is newer than what is read here.
_SEQUENCE = "0"


@dataclass
class ReindexResult:
    """Result of a reindexing: decisions found by day, and the number of segments replaced."""

    decisions: dict[str, int] = field(default_factory=dict)
    replaced: int = 0


def reindex(
    container: Container, detector: str, first: date, last: date, progress: Callable[[int], None] = lambda _read: None
) -> ReindexResult:
    """Replace the segments of some days by new ones, made from the decisions in the table.

    The whole table is read, page by page. New segments are written before old ones are deleted, so that nothing is
    missing meanwhile; what the stream adds at the same time is kept. Raises `UnavailableError` if the bucket does not
    take a segment, and botocore's errors for the table.
    """
    began_s = int(clock.now_s())
    former = container.segments.find(detector, first.isoformat(), last.isoformat())
    done, waiting, written = ReindexResult(), _PendingRows(container, detector, began_s), set[str]()
    for record in _read_table(container, progress):
        day = record.decision.decided_at[:10]
        if record.decision.detector == detector and first.isoformat() <= day <= last.isoformat():
            done.decisions[day] = done.decisions.get(day, 0) + 1
            written.update(waiting.add(day, read_entry(container.versions, Change(_SEQUENCE, began_s, record))))
    written.update(waiting.write_all())
    gone = [name for name in former if name.key not in written]
    for start in range(0, len(gone), 1000):
        container.segments.delete(gone[start : start + 1000])
    done.replaced = len(gone)
    for day in done.decisions:
        while merge_segments(container.segments, detector, day, is_over=True):
            pass
    keep_day_totals(container.segments, container.day_totals, detector, done.decisions)
    return done


def _read_table(container: Container, progress: Callable[[int], None]) -> Iterator[DecisionRecord]:
    """Yield all decisions, without their history reads."""
    asked: Any = {
        "TableName": container.decisions.table,
        "FilterExpression": "attribute_exists(d)",
        "ProjectionExpression": "pk, d, #label, known_s",
        "ExpressionAttributeNames": {"#label": "label"},
    }
    read = 0
    for page in container.decisions.client.get_paginator("scan").paginate(**asked):
        yield from map(DecisionRecord.from_item, page["Items"])
        read += page["ScannedCount"]
        progress(read)


@dataclass
class _PendingRows:
    """Rows by day that are not yet written."""

    container: Container
    detector: str
    newest_s: int
    by_day: dict[str, list[Entry]] = field(default_factory=dict)
    count: int = 0

    def add(self, day: str, entry: Entry) -> list[str]:
        """Add a row; return the keys of the segments that were written to make room."""
        self.by_day.setdefault(day, []).append(entry)
        self.count += 1
        if self.count >= _MAX_ROWS:
            return self.write_all()
        return [self._write(day)] if len(self.by_day[day]) >= _MAX_ROWS_PER_DAY else []

    def write_all(self) -> list[str]:
        """Write all rows; return the keys of the segments."""
        return [self._write(day) for day in list(self.by_day)]

    def _write(self, day: str) -> str:
        entries = self.by_day.pop(day)
        self.count -= len(entries)
        content = write_segment(Rows.of(entries))
        name = SegmentName.of(self.detector, day, 0, self.newest_s, content)
        self.container.segments.write(name, content)
        return name.key
