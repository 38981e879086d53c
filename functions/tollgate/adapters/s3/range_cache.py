"""Cache of ranges of objects that never change, kept in memory up to a limit."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

# Object, first byte, and the one after the last.
Place = tuple[str, int, int]


@dataclass
class RangeCache:
    """The ranges that were asked for last, of up to ``most_bytes`` together. Any number of threads may use it."""

    most_bytes: int
    _kept: OrderedDict[Place, bytes] = field(default_factory=OrderedDict, repr=False)
    _size_bytes: int = 0
    _lock: Lock = field(default_factory=Lock)

    def get(self, place: Place) -> bytes | None:
        """Return a range, None if it is not kept."""
        with self._lock:
            content = self._kept.get(place)
            if content is not None:
                self._kept.move_to_end(place)
            return content

    def put(self, place: Place, content: bytes) -> None:
        """Keep a range, in place of those that were not asked for the longest time."""
        with self._lock:
            if place in self._kept:
                return
            self._kept[place] = content
            self._size_bytes += len(content)
            while self._size_bytes > self.most_bytes:
                self._size_bytes -= len(self._kept.popitem(last=False)[1])
