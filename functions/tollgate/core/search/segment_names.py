"""Segment names, and the choice of segments of a day that are merged.

A name has the segment's level, the second of its newest row, and the hash of its content. A merged segment is a level
above those that it replaces, so its name comes after theirs: a listing of the day meanwhile finds the merged segment,
the others, or both. Names follow from content, so the same rows written twice are one object, and deleting a segment
that was merged deletes nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

ROOT = "index"
# Segments of one level that are merged on the day that they are of; afterward, how many there may be in all.
_ON_THE_DAY, _AFTERWARD = 16, 4
# What one merge may hold in memory.
_MAX_BYTES = 12 << 20
_KEY = re.compile(
    rf"{ROOT}/(?P<detector>[^/]+)/(?P<day>\d{{4}}-\d\d-\d\d)/(?P<level>\d{{6}})-(?P<newest>\d{{11}})-(?P<digest>[0-9a-f]{{32}})"
)


@dataclass(frozen=True)
class SegmentName:
    """The name of a segment, and how large it is. ``newest_s`` is when its newest row was written, since 1970."""

    detector: str
    day: str
    level: int
    newest_s: int
    digest: str
    size_bytes: int

    @classmethod
    def of(cls, detector: str, day: str, level: int, newest_s: int, content: bytes) -> SegmentName:
        """Name the content of a segment."""
        digest = hashlib.sha256(content).hexdigest()[:32]
        return cls(detector, day, level, newest_s, digest, len(content))

    @classmethod
    def read(cls, key: str, size_bytes: int) -> SegmentName | None:
        """Return what a key says, None if it is none of a segment."""
        found = _KEY.fullmatch(key)
        if found is None:
            return None
        detector, day, level, newest_s, digest = found.groups()
        return cls(detector, day, int(level), int(newest_s), digest, size_bytes)

    @property
    def key(self) -> str:
        """Where the segment lies in the bucket."""
        return f"{ROOT}/{self.detector}/{self.day}/{self.level:06d}-{self.newest_s:011d}-{self.digest}"


def choose_to_merge(names: Sequence[SegmentName], *, is_over: bool) -> list[SegmentName]:
    """Return those of a day's segments that are to be merged, none if they are few enough."""
    if is_over:
        chosen = _fitting(names)
        return chosen if len(chosen) >= _AFTERWARD else []
    for level in sorted({name.level for name in names}):
        chosen = _fitting([name for name in names if name.level == level])
        if len(chosen) >= _ON_THE_DAY:
            return chosen
    return []


def _fitting(names: Sequence[SegmentName]) -> list[SegmentName]:
    """Return the smallest segments, as many as fit into memory together."""
    fitting: list[SegmentName] = []
    size_bytes = 0
    for name in sorted(names, key=lambda name: (name.size_bytes, name.key)):
        size_bytes += name.size_bytes
        if size_bytes > _MAX_BYTES:
            break
        fitting.append(name)
    return fitting
