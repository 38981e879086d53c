"""Stored histories in DynamoDB: read once before the first span, and updated exactly once at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import functions as sf
from tollgate import clock
from tollgate.adapters import clients
from tollgate.adapters.dynamodb.histories import HistoryTable, history_key
from tollgate.core.batched import batched
from tollgate.core.history.stored import add_up, tidy_history

from spark_job.histories import OPENING, each_row
from spark_job.sealed import SealedVersion
from spark_job.spans import SUMS, SumsOfKey, write_sums

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

_READ_BATCH_SIZE = 1000
# A repeated job has to add the same batches in the same order under the same names: neither may depend on the cluster.
_BUCKETS = 64


@dataclass(frozen=True)
class _Read:
    sealed: Broadcast[SealedVersion]
    table: str
    entities: Sequence[str]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from write_sums(self._read(batches))

    def _read(self, batches: Iterable[pa.RecordBatch]) -> Iterator[SumsOfKey]:
        version, table = self.sealed.value.open(), HistoryTable(clients.dynamodb(), self.table)
        for some in batched(each_row(batches), _READ_BATCH_SIZE):
            keys: dict[str, list[str]] = {}
            for one in some:
                keys.setdefault(self.entities[one["place"]], []).append(one["key"])
            for entity, histories in table.read_keys(version, keys).items():
                for key, sums in histories.items():
                    yield OPENING, entity, key, sums


def read_opening(rows: DataFrame, sealed: Broadcast[SealedVersion], table: str) -> DataFrame:
    """Read the stored histories of all keys that the good rows have, each key once."""
    entities = list(sealed.value.open().event_type.entities)
    each = rows.where("good").select(sf.posexplode("keys").alias("place", "key")).where("key is not null").distinct()
    return each.mapInArrow(_Read(sealed, table, entities), SUMS)


@dataclass(frozen=True)
class _Record:
    sealed: Broadcast[SealedVersion]
    table: str
    name: str
    until_s: float

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        version = self.sealed.value.open()
        table = HistoryTable(clients.dynamodb(), self.table)
        expires_s = max(clock.now_s(), self.until_s) + version.history.forgotten_after_s
        for bucket, rows in groupby(each_row(batches), lambda row: row["bucket"]):
            additions = (
                (history_key(version.history_space, entity, key), sums)
                for (entity, key), parts in groupby(rows, lambda row: (row["entity"], row["key"]))
                if (sums := self._add_up(entity, parts))
            )
            name = f"{version.history_space}#recorded#{self.name}#{bucket}"
            lots = sum(1 for _ in table.add_in_batches(name, additions, expires_s))
            yield pa.RecordBatch.from_pydict({"lots": pa.array([lots], pa.int64())})

    def _add_up(self, entity: str, parts: Iterable[dict[str, Any]]) -> dict[str, int]:
        sums = add_up(*(json.loads(part["sums"]) for part in parts))
        return tidy_history(self.sealed.value.open().history, entity, sums, self.until_s)


def record(added: DataFrame, sealed: Broadcast[SealedVersion], table: str, name: str, until_s: float) -> int:
    """Add what all spans added to the stored histories, and return in how many batches.

    Exactly once: under the same ``name`` the same sums have to come again. What matured before ``until_s``, the time of
    the last event, stands in the sums, and what no event from then on can read is left out.
    """
    bucket = sf.pmod(sf.hash("entity", "key"), sf.lit(_BUCKETS))
    ordered = added.withColumn("bucket", bucket).repartition("bucket")
    done = ordered.sortWithinPartitions("bucket", "entity", "key", "span").mapInArrow(
        _Record(sealed, table, name, until_s), "lots bigint"
    )
    return int(done.agg(sf.coalesce(sf.sum("lots"), sf.lit(0)).alias("n")).collect()[0].n)
