"""Withheld rows of a file: those not let through are reported to the histories before they could mature.

Which rows these are is known once they are decided on. So rows are read in slices of time, so short that no row of a
slice matures before another row of it arrives. A slice waits for the decisions on earlier slices if rows of these could
mature in it. Chunks that come within a label delay of each other, as most do, are read ahead without waiting.

The limit: rows that come so late that their label delay is over as they arrive count as legitimate for the later rows
of their slice, and are taken back behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Ints
from tollgate.core.files.columns.arrow_reader import ChunkEvents
from tollgate.core.files.decide_chunk import decide_chunk
from tollgate.core.files.history.histories import FileHistories
from tollgate.core.history.engine.engine import ChunkReads
from tollgate.core.history.plan import LabelMaturation

_NEVER_US = np.iinfo(np.int64).max


class WithheldRows:
    """Reads the chunks of a file, and tells its histories of the rows that were not let through."""

    def __init__(self, version: DetectorVersion, histories: FileHistories) -> None:
        self._version = version
        self._histories = histories
        withholds = version.withheld_from < len(version.order)
        self._maturing = version.history.maturing if withholds else None
        # Slices are decided on for their outcomes alone.
        self._quick = replace(version, reasons=None)
        self._latest_us = -_NEVER_US
        self._untold: dict[int, tuple[int, ChunkReads]] = {}

    def must_wait(self, read: ChunkEvents) -> bool:
        """Return whether earlier chunks have to be told of before a chunk can be read."""
        if self._maturing is None or not len(read.events):
            return False
        latest_us = max(self._latest_us, int(np.max(read.events.times_us)))
        return any(matures_us < latest_us for matures_us, _ in self._untold.values())

    def read(self, read: ChunkEvents, pool: Executor) -> ChunkReads:
        """Return what the rows of the next chunk read."""
        n = len(read.events)
        self._latest_us = max(self._latest_us, int(np.max(read.events.times_us, initial=-_NEVER_US)))
        slices = list(_slices(read.events.times_us, self._maturing)) if self._maturing else []
        if len(slices) < 2:
            reads = self._histories.read(read.events, read.keys)
            self._remember(read, reads)
            return reads
        sums = np.empty((len(self._version.history.layout.units), n))
        excess = np.empty(n)
        for rows in slices:
            part = _take(read, rows, self._histories)
            reads = self._histories.read(part.events, part.keys)
            sums[:, rows], excess[rows] = reads.sums, reads.excess
            decided = decide_chunk(self._quick, part.events, reads, pool)
            self._report(part, reads, decided.ranks)
        return ChunkReads(sums, excess)

    def report(self, read: ChunkEvents, ranks: Ints) -> None:
        """Say what a chunk came to: ``ranks`` are places among the version's outcomes."""
        _, reads = self._untold.pop(id(read), (0, None))
        if reads is not None:
            self._report(read, reads, ranks)

    def _remember(self, read: ChunkEvents, reads: ChunkReads) -> None:
        if self._maturing is None or not len(read.events):
            return
        first_us = -_NEVER_US if reads.at_once else _moment_us(self._maturing, int(np.min(read.events.times_us)))
        self._untold[id(read)] = first_us, reads

    def _report(self, read: ChunkEvents, reads: ChunkReads, ranks: Ints) -> None:
        withheld = np.flatnonzero(ranks >= self._version.withheld_from)
        if len(withheld):
            self._histories.withhold(read.events, read.keys, reads, withheld)


def _slices(times_us: Ints, maturing: LabelMaturation) -> Iterator[Ints]:
    """Yield the rows of each slice of time in which no row matures before another."""
    order = np.argsort(times_us, kind="stable")
    ordered, start = times_us[order], 0
    while start < len(ordered):
        # What matures at the very moment of a row is not read by it.
        stop = int(np.searchsorted(ordered, _moment_us(maturing, int(ordered[start])), "right"))
        yield np.sort(order[start:stop])
        start = stop


def _moment_us(maturing: LabelMaturation, time_us: int) -> int:
    return round(maturing.step(time_us / 1e6) * maturing.step_s * 1e6)


def _take(read: ChunkEvents, rows: Ints, histories: FileHistories) -> ChunkEvents:
    keys = {entity: texts.take(rows, histories.hashing) for entity, texts in read.keys.items()}
    return ChunkEvents(read.events.take(rows), read.places[rows], keys, {}, read.ids)
