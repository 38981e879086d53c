"""Decisions on the rows of a span, and the columns of their results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from pyspark.sql.types import BinaryType, DoubleType, LongType, ShortType, StringType, StructField, StructType
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.column_reader import repeated_id
from tollgate.core.events.event import Events, Ints
from tollgate.core.events.reader import require_id
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.decide_chunk import ChunkDecisions, decide_chunk
from tollgate.core.files.history.histories import FileHistories, read_from
from tollgate.core.files.readers.chunk import Chunk, Position
from tollgate.core.files.results import free_name, guard_cells, result_names, tabulate
from tollgate.core.files.withheld_rows import WithheldRows
from tollgate.core.times.clock_skew import SkewLimit

from spark_job.sealed import SealedVersion
from spark_job.spans import Stored

if TYPE_CHECKING:
    from pyspark import Broadcast


@dataclass(frozen=True)
class Decide:
    """Decides on the rows of a span as on a chunk of a file; with ``as_text``, all columns are cells of a CSV file."""

    sealed: Broadcast[SealedVersion]
    names: Sequence[str]
    as_text: bool
    now: datetime

    def __call__(self, _span: int, stored: Stored, rows: pa.Table) -> Iterator[pa.RecordBatch]:
        """Yield the results of one span: its own columns, what was decided, and the number of the row."""
        version = self.sealed.value.open()
        chunk = Chunk(self.names, rows["cells"].combine_chunks().flatten(), 0, Position())
        good = np.flatnonzero(rows["good"].to_numpy())
        limit = version.skew_limit(self.now)
        _, decided, clocks = decide_span(version, chunk, good, stored, limit)
        table = tabulate(version, chunk, good, decided, _find_problems(version, rows), clocks)
        columns = [*(column.combine_chunks() for column in table.columns), pa.array(rows["row"].to_numpy() + 1)]
        if self.as_text:
            columns = [guard_cells(column) for column in columns]
        yield pa.RecordBatch.from_arrays(columns, _result_columns(version, self.names))


def decide_span(
    version: DetectorVersion, chunk: Chunk, good: Ints, stored: Stored, limit: SkewLimit
) -> tuple[Events, ChunkDecisions, dict[int, str]]:
    """Return the good rows, what is decided on them, and the time of the clock for those that are decided as of it."""
    usable = Chunk(chunk.names, [column.take(pa.array(good)) for column in chunk.columns], 0, Position())
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as pool:
        histories = FileHistories(version.history, Path(folder), read_from(stored))
        # Rows that repeat an id are not among the good ones.
        read = EventReader(version.event_type, histories.hashing, limit=limit).read(usable)
        assert not read.problems
        reads = WithheldRows(version, histories).read(read, pool)
        decided = decide_chunk(version, read.events, reads, pool)
        return read.events, decided, {int(good[place]): clock for place, clock in read.clocks.items()}


def _find_problems(version: DetectorVersion, rows: pa.Table) -> dict[int, tuple[str, str]]:
    plain = rows.select(["good", "id", "row", "first", "problem_column", "problem"]).to_pylist()
    problems: dict[int, tuple[str, str]] = {}
    for place, row in enumerate(plain):
        if row["first"] is not None:
            repeated = repeated_id(require_id(version.event_type), row["id"], row["row"], row["first"])
            problems[place] = (repeated.column, repeated.message)
        elif not row["good"]:
            problems[place] = (row["problem_column"], row["problem"])
    return problems


def _result_columns(version: DetectorVersion, names: Sequence[str]) -> list[str]:
    """Return the names of a result's columns: the table's own, what is decided, and the number of the row from 1."""
    return [*names, *result_names(version, names), free_name("row", names)]


def result_schema(version: DetectorVersion, names: Sequence[str], cells: StructType, *, as_text: bool) -> StructType:
    """Return the columns of results with their types."""
    named = _result_columns(version, names)
    if as_text:
        return StructType([StructField(name, StringType()) for name in named])
    texts = [StringType()] * (len(named) - len(names) - 3)
    own = [
        StringType()
        if isinstance(field.dataType, BinaryType) and name in version.event_type.accepted
        else field.dataType
        for name, field in zip(names, cells.fields, strict=True)
    ]
    types = [*own, ShortType(), DoubleType(), *texts, LongType()]
    return StructType([StructField(name, kind) for name, kind in zip(named, types, strict=True)])
