"""Stores of the search index in the bucket: its segments, and the totals of days beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tollgate.adapters.errors import ABSENT, code_behind, translated
from tollgate.adapters.s3.objects import get_with_etag, put_if_unchanged
from tollgate.adapters.s3.ranges import ObjectRanges, RangeCache
from tollgate.core.search.segment import Head, Range, head_end, read_head
from tollgate.core.search.segment_names import ROOT, SegmentName
from tollgate.core.search.summary import DayTotals, read_day_totals, write_day_totals
from tollgate.errors import TollgateError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What is read first of a segment: small ones whole, the head of most of the others.
_BEGINNING_BYTES = 64 << 10
# A further request takes longer than reading so much that nobody asked for.
_GAP_BYTES = 512 << 10


class SegmentGoneError(TollgateError):
    """A segment was merged with others since it was listed: list again."""


@dataclass(frozen=True)
class SegmentStore:
    """The bucket's segments: listed by day, read in ranges, written whole, deleted when merged.

    What was read of them is kept in ``cache``, as they never change.
    """

    ranges: ObjectRanges
    cache: RangeCache

    @property
    def s3(self) -> S3Client:
        """What lists, writes and deletes."""
        return self.ranges.s3

    @property
    def bucket(self) -> str:
        """Where the segments lie."""
        return self.ranges.bucket

    def find(self, detector: str, first_day: str, last_day: str) -> list[SegmentName]:
        """Return the segments of days, as in 2026-11-26, those of one day together."""
        return list(self._find(f"{ROOT}/{detector}/", first_day, last_day))

    def _find(self, prefix: str, first_day: str, last_day: str) -> Iterator[SegmentName]:
        with translated("S3"):
            pages = self.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, StartAfter=prefix + first_day
            )
            for page in pages:
                for stored in page.get("Contents", []):
                    name = SegmentName.read(stored["Key"], stored["Size"])
                    if name is None:
                        continue
                    if name.day > last_day:
                        return
                    yield name

    def head(self, name: SegmentName) -> Head:
        """Return the head of a segment; raise `SegmentGoneError` if it was merged meanwhile."""
        beginning = self._beginning(name)
        end = head_end(beginning)
        if end > len(beginning):
            (beginning,) = self.read(name, [(0, end)])
        return read_head(beginning)

    def read_whole(self, name: SegmentName) -> bytes:
        """Return a segment; raise `SegmentGoneError` if it was merged meanwhile."""
        (content,) = self.read(name, [(0, name.size_bytes)])
        return content

    def read(self, name: SegmentName, ranges: Sequence[Range]) -> list[bytes]:
        """Return ranges of a segment, of which those that lie close are read together.

        Raises `SegmentGoneError` if it was merged meanwhile.
        """
        kept = {span: self._kept(name, span) for span in ranges}
        found = {span: content for span, content in kept.items() if content is not None}
        lacking = sorted(span for span in kept if span not in found)
        for start, stop in _close_together(lacking):
            content = self._get(name, start, stop)
            for span in lacking:
                if start <= span[0] and span[1] <= stop:
                    found[span] = content[span[0] - start : span[1] - start]
                    self.cache.put((name.key, *span), found[span])
        return [found[span] for span in ranges]

    def write(self, name: SegmentName, content: bytes) -> None:
        """Write a segment under its name, which is that of its content."""
        with translated("S3"):
            self.s3.put_object(Bucket=self.bucket, Key=name.key, Body=content, ContentType="application/octet-stream")

    def delete(self, names: Sequence[SegmentName]) -> None:
        """Delete up to a thousand segments."""
        objects: Any = [{"Key": name.key} for name in names]
        with translated("S3"):
            self.s3.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})

    def _beginning(self, name: SegmentName) -> bytes:
        stop = min(name.size_bytes, _BEGINNING_BYTES)
        place = (name.key, 0, stop)
        content = self.cache.get(place)
        if content is None:
            content = self._get(name, 0, stop)
            self.cache.put(place, content)
        return content

    def _kept(self, name: SegmentName, span: Range) -> bytes | None:
        """Return a range that is kept, or part of the beginning: of a small segment, that is all of it."""
        if span[1] <= _BEGINNING_BYTES:
            return self._beginning(name)[slice(*span)]
        return self.cache.get((name.key, *span))

    def _get(self, name: SegmentName, start: int, stop: int) -> bytes:
        try:
            return self.ranges.read(name.key, start, stop)
        except UnavailableError as error:
            if code_behind(error) in ABSENT:
                raise SegmentGoneError(f"{name.key} was merged meanwhile.") from None
            raise


def _close_together(spans: Sequence[Range]) -> Iterator[Range]:
    """Yield what to read for spans in their order, those that lie close as one."""
    start = stop = -1
    for first, last in spans:
        if start >= 0 and first - stop <= _GAP_BYTES:
            stop = max(stop, last)
            continue
        if start >= 0:
            yield start, stop
        start, stop = first, last
    if start >= 0:
        yield start, stop


@dataclass(frozen=True)
class DayTotalStore:
    """Totals of days: one object for each detector and month, such as index/<detector>/sums-2026-11."""

    s3: S3Client
    bucket: str

    def read(self, detector: str, month: str) -> tuple[DayTotals, str | None]:
        """Return the sums of a month's days, and the object's ETag; nothing and None where there is none."""
        found = get_with_etag(self.s3, self.bucket, _key(detector, month))
        return (read_day_totals(found[0]), found[1]) if found else ({}, None)

    def write(self, detector: str, month: str, sums: DayTotals, etag: str | None) -> None:
        """Write a month's sums in place of those with this ETag, None for the first ones.

        Raises `ChangedError` if somebody else did, `UnavailableError` when the bucket does not take them.
        """
        put_if_unchanged(self.s3, self.bucket, _key(detector, month), write_day_totals(sums), etag)


def _key(detector: str, month: str) -> str:
    return f"{ROOT}/{detector}/sums-{month}"
