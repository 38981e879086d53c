"""Histories by span: what each span adds, and the state before it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.replay import replay_histories, sum_additions
from tollgate.core.history.stored import add_up, tidy_history

from spark_job.input.arrow import thin_events
from spark_job.sealed import SealedVersion
from spark_job.spans import SUMS, Bounds, Stored, SumsOfKey, write_sums

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

# What was stored before the first span stands before them all.
OPENING = -1


@dataclass(frozen=True)
class AddUp:
    """What a span adds to the histories of its entities; with ``judging``, to the sums that judge amounts alone."""

    sealed: Broadcast[SealedVersion]
    judging: bool = False

    def __call__(self, span: int, stored: Stored, rows: pa.Table) -> Iterator[pa.RecordBatch]:
        """Yield the sums of one span, from its good rows."""
        version = self.sealed.value.open()
        plan, events = version.history, thin_events(version.event_type, rows)
        excess = np.zeros(len(events))
        if self.judging:
            plan = plan.judging
        elif plan.unusual is not None:
            excess = replay_histories(plan.judging, events, stored=stored).excess
        yield from write_sums(
            (span, entity, key, sums)
            for entity, added in sum_additions(plan, events, excess).items()
            for key, sums in added.items()
        )


@dataclass(frozen=True)
class _Run:
    """Adds up the sums of each key, in order of the spans."""

    sealed: Broadcast[SealedVersion]
    bounds: Bounds

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from write_sums(self._walk(self.sealed.value.open().history, batches))

    def _walk(self, plan: HistoryPlan, batches: Iterable[pa.RecordBatch]) -> Iterator[SumsOfKey]:
        for (entity, key), rows in groupby(each_row(batches), lambda row: (row["entity"], row["key"])):
            running: dict[str, int] = {}
            for span, parts in groupby(rows, lambda row: row["span"]):
                if span != OPENING and running:
                    running = self._tidy(plan, entity, running, span)
                    yield span, entity, key, running
                for part in parts:
                    running = add_up(running, json.loads(part["sums"]))

    def _tidy(self, plan: HistoryPlan, entity: str, sums: dict[str, int], span: int) -> dict[str, int]:
        """Return the sums as a writer leaves them at the start of a span: it reads the same from fewer numbers."""
        return tidy_history(plan, entity, sums, float(self.bounds.times_us[span - 1]) / 1e6) if span else sums


def each_row(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """Yield the rows of batches."""
    for batch in batches:
        yield from batch.to_pylist()


def sums_before(added: DataFrame, sealed: Broadcast[SealedVersion], bounds: Bounds) -> DataFrame:
    """Return what was there before each span of the keys that it has, from what all spans, and the opening, added."""
    ordered = added.repartition(bounds.spans, "entity", "key").sortWithinPartitions("entity", "key", "span")
    return ordered.mapInArrow(_Run(sealed, bounds), SUMS)
