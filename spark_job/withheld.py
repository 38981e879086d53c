"""Withheld rows: those that were not let through, which later spans and stored histories must not count as open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from tollgate.core.events.event import Events, Ints
from tollgate.core.files.readers.chunk import Chunk, Position
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.stored_names import OPEN, attribute

from spark_job.deciding import decide_span
from spark_job.sealed import SealedVersion
from spark_job.spans import Stored, write_sums

if TYPE_CHECKING:
    from pyspark import Broadcast


@dataclass(frozen=True)
class FindWithheld:
    """Decides on the rows of a span, and yields what those that are not let through take back: that they are open."""

    sealed: Broadcast[SealedVersion]
    names: Sequence[str]
    now: datetime

    def __call__(self, span: int, stored: Stored, rows: pa.Table) -> Iterator[pa.RecordBatch]:
        """Yield sums of one span."""
        version = replace(self.sealed.value.open(), reasons=None)
        chunk = Chunk(self.names, rows["cells"].combine_chunks().flatten(), 0, Position())
        good = np.flatnonzero(rows["good"].to_numpy())
        events, decided, _ = decide_span(version, chunk, good, stored, version.skew_limit(self.now))
        withheld = np.flatnonzero(decided.ranks >= version.withheld_from)
        yield from write_sums(
            (span, entity, key, sums)
            for entity in version.history.sums
            if version.history.matures(entity)
            for key, sums in _take_back(version.history, entity, events, withheld).items()
        )


def _take_back(plan: HistoryPlan, entity: str, events: Events, rows: Ints) -> dict[str, dict[str, int]]:
    assert plan.maturing is not None
    keys, steps = events.entities[entity], plan.maturing.steps(events.times_s[rows])
    counts = Counter(zip(keys.codes[rows].tolist(), steps.tolist(), strict=True))
    taken: dict[str, dict[str, int]] = {}
    for (code, step), number in sorted(counts.items()):
        if code >= 0:
            taken.setdefault(keys.values[code], {})[attribute(OPEN, 0, step)] = -number
    return taken
