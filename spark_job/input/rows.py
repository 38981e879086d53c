"""Rows of a table: read as events, numbered in order, with each id accepted once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as sf
from pyspark.sql.types import StructType
from tollgate.core.files.columns.arrow_reader import EventReader
from tollgate.core.files.history.key_hashes import KeyHashes
from tollgate.core.files.readers.chunk import Chunk, Position

from spark_job.input.arrow import thin_columns
from spark_job.input.tables import Table
from spark_job.sealed import SealedVersion

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

# What is read of a row: what histories need of it, and what is wrong with it.
_READ = (
    "id string, time_us bigint, amount double, latitude double, longitude double, keys array<string>, "
    "problem_column string, problem string"
)


@dataclass(frozen=True)
class _ReadRows:
    """Reads rows of cells as events; each gets what histories need of it, and what is wrong with it."""

    sealed: Broadcast[SealedVersion]
    names: Sequence[str]
    now: datetime

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches with those columns more."""
        for batch in batches:
            added = self._read(batch)
            yield pa.RecordBatch.from_arrays([*batch.columns, *added.values()], [*batch.schema.names, *added])

    def _read(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        version = self.sealed.value.open()
        event_type = version.event_type
        problems = batch.column("corrupt").to_pylist()
        corrupt = {row: problem for row, problem in enumerate(problems) if problem is not None}
        chunk = Chunk(self.names, batch.column("cells").flatten(), 0, Position(), corrupt)
        read = EventReader(event_type, KeyHashes(), limit=version.skew_limit(self.now)).read(chunk)
        found = [read.problems.get(row) for row in range(batch.num_rows)]
        return {
            **thin_columns(event_type, read),
            "problem_column": pa.array([one and one[0] for one in found], pa.string()),
            "problem": pa.array([one and one[1] for one in found], pa.string()),
        }


def read_rows(table: Table, sealed: Broadcast[SealedVersion], now: datetime) -> DataFrame:
    """Return the rows of a table with what was read of them; ``now`` is what they may not lie ahead of."""
    read = _ReadRows(sealed, table.names, now)
    return table.frame.mapInArrow(read, StructType([*table.frame.schema.fields, *StructType.fromDDL(_READ).fields]))


def number_rows(rows: DataFrame) -> DataFrame:
    """Return kept rows with ``row``, their number from 0 in the order in which they came."""
    blocks = rows.groupBy("path", "block").agg(sf.min("position").alias("least"), sf.count("*").alias("n")).collect()
    before, shifts = 0, []
    for block in sorted(blocks, key=lambda one: (one.path, one.block)):
        shifts.append((block.path, block.block, before - block.least))
        before += block.n
    table = rows.sparkSession.createDataFrame(shifts, "path string, block bigint, shift bigint")
    numbered = rows.join(sf.broadcast(table), ["path", "block"])
    return numbered.withColumn("row", sf.col("position") + sf.col("shift")).drop("position", "shift", "path", "block")


def find_repeated(numbered: DataFrame) -> DataFrame:
    """Return the ids that several rows have, each with the ``first`` of them; rows with a problem take no id."""
    usable = numbered.where("id is not null and problem is null")
    found = usable.groupBy("id").agg(sf.min("row").alias("first"), sf.count("*").alias("n"))
    return found.where("n > 1").drop("n")


def mark_good(numbered: DataFrame, repeated: DataFrame) -> DataFrame:
    """Return rows with ``good``, whether each can be used; ``first`` is the row that used its id before, else null."""
    later = sf.coalesce(sf.col("first") < sf.col("row"), sf.lit(False)) & sf.col("problem").isNull()
    joined = numbered.join(repeated, "id", "left").withColumn("first", sf.when(later, sf.col("first")))
    return joined.withColumn("good", sf.col("problem").isNull() & sf.col("first").isNull())
