"""Index segment: immutable rows of one day as bytes, laid out so that a few ranges of them answer a search.

    mark, length of the head | head | summary | blocks of rows | buckets of postings | events with their labels

The head says where everything is and what is in each block. Rows are packed by deflate, numbers column by column. The
same rows give the same bytes, in whatever order they come.
"""

from __future__ import annotations

import math
import struct
import zlib
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tollgate.core.search.entry import COLUMNS, EntryKind, Rows, deflate_json, inflate_json, join, token
from tollgate.core.search.ordering import SORTS, highest
from tollgate.core.search.postings import bucket_of, write_buckets
from tollgate.core.search.summary import Summary

_MARK = b"TGIX0001"
_PREFIX = struct.Struct("<8sI")
_BLOCK_ROWS = 512
_EVENT = np.dtype([("event", "<u8"), ("label", "u1")])
Range = tuple[int, int]


class SegmentError(ValueError):
    """Bytes that are no segment, or one of another form."""


@dataclass(frozen=True)
class Zone:
    """What a block holds: rows of which kinds (places in the segment's) and labels, scores from and to.

    ``highest`` is the highest value of each sort.
    """

    rows: int
    numbers_bytes: int
    texts_bytes: int
    kinds: tuple[int, ...]
    labels: tuple[int, ...]
    scores: tuple[int, int]
    highest: Mapping[str, float]

    @classmethod
    def of(cls, block: Rows, numbers: bytes, texts: bytes) -> Zone:
        """Describe a block and what it was packed to."""
        kinds, labels = (tuple(np.unique(block.columns[name]).tolist()) for name in ("kind", "label"))
        scores = block.columns["score"]
        span = int(scores.min()), int(scores.max())
        return cls(len(block), len(numbers), len(texts), kinds, labels, span, highest(block.columns))

    def to_json(self) -> list[Any]:
        """Return the plain form that heads hold."""
        sizes = [self.rows, self.numbers_bytes, self.texts_bytes]
        values = [None if math.isinf(value) else value for value in self.highest.values()]
        return [*sizes, list(self.kinds), list(self.labels), list(self.scores), values]

    @classmethod
    def from_json(cls, plain: Sequence[Any]) -> Zone:
        """Rebuild what `to_json` wrote."""
        rows, numbers_bytes, texts_bytes, kinds, labels, (low, high), values = plain
        known = dict(zip(SORTS, (-math.inf if value is None else value for value in values), strict=True))
        return cls(rows, numbers_bytes, texts_bytes, tuple(kinds), tuple(labels), (low, high), known)


@dataclass(frozen=True)
class Head:
    """The head of a segment whose body begins at ``body``. Ranges count from the segment's first byte, ends excluded.

    ``sequences`` are the lowest and the highest of its rows.
    """

    body: int
    sequences: tuple[str, str]
    summary_bytes: int
    kinds: tuple[EntryKind, ...]
    zones: tuple[Zone, ...]
    bucket_bytes: tuple[int, ...]

    @cached_property
    def _starts(self) -> list[int]:
        blocks = [zone.numbers_bytes + zone.texts_bytes for zone in self.zones]
        sizes = [self.summary_bytes, *blocks, *self.bucket_bytes, self.rows * _EVENT.itemsize]
        return list(accumulate(sizes, initial=self.body))

    @property
    def rows(self) -> int:
        """How many rows the segment has."""
        return sum(zone.rows for zone in self.zones)

    @property
    def summary_range(self) -> Range:
        """Return where the summary lies."""
        return self._range(0)

    def block_range(self, block: int) -> Range:
        """Return where a block lies."""
        return self._range(1 + block)

    def bucket_range(self, hash_: int) -> Range:
        """Return where the postings of a hash lie."""
        return self._range(1 + len(self.zones) + bucket_of(hash_, len(self.bucket_bytes)))

    @property
    def events_range(self) -> Range:
        """Return where the events lie."""
        return self._range(1 + len(self.zones) + len(self.bucket_bytes))

    def _range(self, part: int) -> Range:
        return self._starts[part], self._starts[part + 1]

    def read_block(self, block: int, content: bytes, *, with_texts: bool = True) -> Rows:
        """Return the rows of a block; without their texts where only numbers are needed."""
        zone = self.zones[block]
        numbers = zlib.decompress(content[: zone.numbers_bytes])
        columns = np.empty(zone.rows, dtype=COLUMNS)
        start = 0
        for name in _names():
            kind = COLUMNS[name]
            columns[name] = np.frombuffer(numbers, kind, zone.rows, start)
            start += zone.rows * kind.itemsize
        texts = np.full(zone.rows, "", dtype=object)
        if with_texts:
            texts[:] = zlib.decompress(content[zone.numbers_bytes :]).decode().split("\n")
        return Rows(columns, texts, self.kinds)


def write_segment(rows: Rows) -> bytes:
    """Return the latest rows of a day's events as a segment; there has to be at least one."""
    rows = rows.latest().arranged()
    starts = range(0, len(rows), _BLOCK_ROWS)
    blocks = [rows.take(np.arange(start, min(start + _BLOCK_ROWS, len(rows)))) for start in starts]
    packed = [_pack(block) for block in blocks]
    buckets = write_buckets(*_postings(rows))
    sequences = np.sort(rows.columns["sequence"])
    summary = deflate_json(Summary.of(rows).to_json())
    head = {
        "sequences": [sequences[0].decode(), sequences[-1].decode()],
        "summary": len(summary),
        "kinds": [kind.to_json() for kind in rows.kinds],
        "zones": [Zone.of(block, *pair).to_json() for block, pair in zip(blocks, packed, strict=True)],
        "buckets": [len(bucket) for bucket in buckets],
    }
    written = deflate_json(head)
    bodies = [part for pair in packed for part in pair]
    return b"".join([_PREFIX.pack(_MARK, len(written)), written, summary, *bodies, *buckets, _write_events(rows)])


def head_end(beginning: bytes) -> int:
    """Return where the head of a segment ends; raise `SegmentError` for what does not begin as one."""
    if len(beginning) < _PREFIX.size or beginning[: len(_MARK)] != _MARK:
        raise SegmentError("The object is no segment of the index, or was written by another version of Tollgate.")
    return _PREFIX.size + int(_PREFIX.unpack_from(beginning)[1])


def read_head(beginning: bytes) -> Head:
    """Return the head from the first `head_end` bytes of a segment, or more of them."""
    return _read_head(beginning[: head_end(beginning)])


# Each of them takes up to 100 KB.
@lru_cache(maxsize=256)
def _read_head(written: bytes) -> Head:
    plain: Mapping[str, Any] = inflate_json(written[_PREFIX.size :])
    return Head(
        body=len(written),
        sequences=(plain["sequences"][0], plain["sequences"][1]),
        summary_bytes=plain["summary"],
        kinds=tuple(map(EntryKind.from_json, plain["kinds"])),
        zones=tuple(map(Zone.from_json, plain["zones"])),
        bucket_bytes=tuple(plain["buckets"]),
    )


def read_rows(content: bytes, *, with_texts: bool = True) -> Rows:
    """Return all rows of a segment; without their texts where only numbers are needed."""
    head = read_head(content)
    blocks = [content[slice(*head.block_range(block))] for block in range(len(head.zones))]
    return join([head.read_block(block, one, with_texts=with_texts) for block, one in enumerate(blocks)])


def read_summary(content: bytes) -> Summary:
    """Return what all rows of a segment come to, from what lies at `Head.summary_range`."""
    return Summary.from_json(inflate_json(content))


def find_labels(content: bytes, events: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """Return which events have a row, and the labels of their rows, from what lies at `Head.events_range`."""
    known = np.frombuffer(content, dtype=_EVENT)
    place = np.minimum(np.searchsorted(known["event"], events), len(known) - 1)
    return known["event"][place] == events, known["label"][place]


def _write_events(rows: Rows) -> bytes:
    events = np.empty(len(rows), dtype=_EVENT)
    for name in ("event", "label"):
        events[name] = rows.columns[name]
    return np.sort(events, order="event").tobytes()


def _names() -> tuple[str, ...]:
    assert COLUMNS.names is not None
    return COLUMNS.names


def _pack(block: Rows) -> tuple[bytes, bytes]:
    numbers = b"".join(np.ascontiguousarray(block.columns[name]).tobytes() for name in _names())
    return zlib.compress(numbers), zlib.compress("\n".join(block.texts).encode())


def _postings(rows: Rows) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
    """Return a hash for each event and each of its entities, and the block that it is in."""
    hashes = array("Q", rows.columns["event"].tolist())
    places = array("I", range(len(rows)))
    for place in range(len(rows)):
        _, entities = rows.read_text(place)
        hashes.extend(token(entity, key) for entity, key in entities.items())
        places.extend([place] * len(entities))
    return np.array(hashes, dtype=np.uint64), np.array(places, dtype=np.uint32) // np.uint32(_BLOCK_ROWS)
