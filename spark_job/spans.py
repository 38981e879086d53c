"""Time spans, each with about one task's rows, decided on from its own starting state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql import functions as sf
from pyspark.sql.types import LongType, StructField, StructType
from tollgate.core.batched import batched
from tollgate.core.events.event import Ints

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

# Entity → its key → the sums that were there before a span.
Stored = dict[str, dict[str, dict[str, int]]]
# What is made of one span: from its number, what was stored before it, and its rows in the order in which they came.
SpanFunction = Callable[[int, Stored, pa.Table], Iterator[pa.RecordBatch]]
# What is added to, or stored of, an entity's key; ``sums`` is a JSON object of whole numbers by their stored name.
SUMS = "span bigint, entity string, key string, sums string"
SumsOfKey = tuple[int, str, str, Mapping[str, int]]
_SUMS_BATCH_SIZE = 4096
_STORED, _ROW = 0, 1
_SAMPLED_PER_SPAN = 200


@dataclass(frozen=True)
class Bounds:
    """Where each span but the first begins: microseconds since 1970, and the number of the first row of that time."""

    times_us: Ints
    rows: Ints

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> Bounds:
        """Put bounds in order."""
        ordered = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
        return cls(ordered[:, 0], ordered[:, 1])

    @property
    def spans(self) -> int:
        """How many spans there are."""
        return len(self.times_us) + 1

    def find(self, times_us: Ints, rows: Ints) -> Ints:
        """Return the spans of n rows."""
        low = np.searchsorted(self.times_us, times_us, "left")
        high = np.searchsorted(self.times_us, times_us, "right")
        for first, end in np.unique(np.stack([low, high])[:, low < high], axis=1).T.tolist():
            # Many rows of the very time of a bound: their numbers tell.
            tied = np.flatnonzero((low == first) & (high == end))
            low[tied] = first + np.searchsorted(self.rows[first:end], rows[tied], "right")
        return low


def find_bounds(rows: DataFrame, span_rows: int) -> list[tuple[int, int]]:
    """Choose bounds for spans of about so many rows, from a sample of the good rows."""
    good = rows.where("good").select("time_us", "row")
    spans = -(-good.count() // span_rows)
    if spans < 2:
        return []
    share = min(1.0, _SAMPLED_PER_SPAN / span_rows)
    sample = sorted((one.time_us, one.row) for one in good.sample(share, seed=0).collect())
    return sorted({sample[len(sample) * number // spans] for number in range(1, spans)}) if sample else []


@dataclass(frozen=True)
class _Assign:
    bounds: Bounds

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = batch.column("row").to_numpy()
            spans = self.bounds.find(batch.column("time_us").to_numpy(), rows)
            # Rows that cannot be used have no time to go by.
            good = batch.column("good").to_numpy(zero_copy_only=False)
            spans = np.where(good, spans, rows % self.bounds.spans)
            yield pa.RecordBatch.from_arrays([*batch.columns, pa.array(spans)], [*batch.schema.names, "span"])


def assign_spans(rows: DataFrame, bounds: Bounds) -> DataFrame:
    """Return rows with their ``span``."""
    if bounds.spans == 1:
        return rows.withColumn("span", sf.lit(0).cast("bigint"))
    return rows.mapInArrow(_Assign(bounds), StructType([*rows.schema.fields, StructField("span", LongType())]))


def over_spans(
    rows: DataFrame, stored: DataFrame, spans: int, function: SpanFunction, schema: str | StructType
) -> DataFrame:
    """Call a function with each span: its ``rows``, which have ``span`` and ``row``, on what is ``stored`` for it.

    A task has one span in memory, and is given a few, one after the other.
    """
    line = sf.struct(*(name for name in rows.columns if name != "span"))
    lines = rows.select("span", sf.lit(_ROW).alias("kind"), "row", line.alias("line"))
    before = stored.select("span", sf.lit(_STORED).alias("kind"), sf.struct("entity", "key", "sums").alias("history"))
    return (
        lines.unionByName(before, allowMissingColumns=True)
        .repartition(spans, "span")
        .sortWithinPartitions("span", "kind", "row")
        .mapInArrow(_OverSpans(function), schema)
    )


@dataclass(frozen=True)
class _OverSpans:
    function: SpanFunction

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        current: int | None = None
        stored: Stored = {}
        lines: list[pa.RecordBatch] = []
        for span, kind, part in _runs(batches):
            if span != current and current is not None:
                yield from self._finish(current, stored, lines)
                stored, lines = {}, []
            current = span
            if kind == _ROW:
                lines.append(pa.RecordBatch.from_struct_array(part.column("line")))
            else:
                for one in part.column("history").to_pylist():
                    stored.setdefault(one["entity"], {})[one["key"]] = json.loads(one["sums"])
        if current is not None:
            yield from self._finish(current, stored, lines)

    def _finish(self, span: int, stored: Stored, lines: Sequence[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if lines:
            yield from self.function(span, stored, pa.Table.from_batches(lines))


def _runs(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, int, pa.RecordBatch]]:
    """Yield the parts of sorted batches that are of one span and kind."""
    for batch in batches:
        if not batch.num_rows:
            continue
        spans, kinds = batch.column("span").to_numpy(), batch.column("kind").to_numpy()
        changes = np.flatnonzero((np.diff(spans) != 0) | (np.diff(kinds) != 0)) + 1
        for start, stop in zip([0, *changes.tolist()], [*changes.tolist(), batch.num_rows], strict=True):
            yield int(spans[start]), int(kinds[start]), batch.slice(start, stop - start)


def write_sums(rows: Iterable[SumsOfKey]) -> Iterator[pa.RecordBatch]:
    """Yield sums as batches of the columns `SUMS`."""
    for some in batched(rows, _SUMS_BATCH_SIZE):
        spans, entities, keys, sums = zip(*some, strict=True)
        texts = [json.dumps(one, separators=(",", ":")) for one in sums]
        columns = [pa.array(spans, pa.int64()), *(pa.array(texts, pa.string()) for texts in (entities, keys, texts))]
        yield pa.RecordBatch.from_arrays(columns, ["span", "entity", "key", "sums"])
