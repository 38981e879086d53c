"""Notes on the times of a file's rows: those ahead of the clock, far from all others, or from before training ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.files.columns.arrow_reader import ChunkEvents
from tollgate.core.files.readers.chunk import Chunk
from tollgate.core.times.odd_spans import DAY_US, find_odd_span
from tollgate.core.times.outliers import by_day, find_outliers
from tollgate.core.times.timestamps import write_second


@dataclass
class TimeNotes:
    """What was noticed in the chunks so far: rows ``ahead`` of the clock, and usable ones before training ended.

    ``days`` maps days since 1970 to how many of the usable rows they have, and the first of these, from 0.
    """

    ahead: int = 0
    early: int = 0
    days: dict[str, list[int]] = field(default_factory=dict)

    def add(self, version: DetectorVersion, chunk: Chunk, read: ChunkEvents) -> None:
        """Take a chunk into account."""
        self.ahead += read.ahead
        self.early += int((read.events.times_s < version.trained_until_s).sum())
        found = by_day(read.events.times_us, chunk.first_row + read.places)
        for day, count, row in zip(*(column.tolist() for column in found), strict=True):
            before, first = self.days.get(str(day), (0, row))
            self.days[str(day)] = [before + count, min(first, row)]

    def describe(self, version: DetectorVersion, *, begins_empty: bool) -> Iterator[str]:
        """Yield what is odd, each in a sentence; ``begins_empty`` says that no histories were stored."""
        found = sorted((int(day), *its) for day, its in self.days.items())
        outliers = list(find_outliers(*np.array(found, dtype=np.int64).reshape(-1, 3).T))
        yield from (one.describe() for one in outliers)
        if found and not outliers:
            yield from find_odd_span(version.event_type.time_format, *(found[end][0] * DAY_US for end in (0, -1)))
        if not begins_empty and self.early > sum(one.events for one in outliers if one.side == "before"):
            few = "1 row lies" if self.early == 1 else f"{self.early:,} rows lie"
            ended = write_second(version.trained_until_s)
            yield (
                f"{few} before the training data ended ({ended}): the histories that they read may count them already, "
                "and what came later."
            )
