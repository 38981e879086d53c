"""Histories in DynamoDB: read once before the first span, and added to, exactly once, when all is decided."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import functions as sf
from tollgate.adapters import clients
from tollgate.adapters.histories import HistoryTable, history_key, sums_of
from tollgate.adapters.items import get_items

from spark_job.histories import OPENING, add, each_row, fold
from spark_job.sealed import SealedVersion
from spark_job.spans import SUMS, SumsOfKey, in_lots, write_sums

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

_READ_AT_ONCE = 1000
# A repeated job has to add the same lots in the same order under the same names: neither may depend on the cluster.
_BUCKETS = 64
_ADDED_AT_ONCE = 1980


@dataclass(frozen=True)
class _Read:
    sealed: Broadcast[SealedVersion]
    table: str
    entities: Sequence[str]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from write_sums(self._read(batches))

    def _read(self, batches: Iterable[pa.RecordBatch]) -> Iterator[SumsOfKey]:
        space, client = self.sealed.value.open().history_space, clients.dynamodb()
        for some in in_lots(each_row(batches), _READ_AT_ONCE):
            keys = [(self.entities[one["place"]], one["key"]) for one in some]
            pks = [history_key(space, *key) for key in keys]
            items = get_items(client, {self.table: pks})[self.table]
            for (entity, key), pk in zip(keys, pks, strict=True):
                if sums := sums_of(items.get(pk)):
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
        expires_s = max(time.time(), self.until_s) + version.history.forgotten_after_s
        for bucket, rows in groupby(each_row(batches), lambda row: row["bucket"]):
            additions = (
                (history_key(version.history_space, entity, key), self._add_up(entity, parts))
                for (entity, key), parts in groupby(rows, lambda row: (row["entity"], row["key"]))
            )
            for number, some in enumerate(in_lots(additions, _ADDED_AT_ONCE)):
                table.add_in_lots(f"{version.history_space}#recorded#{self.name}#{bucket}#{number}", some, expires_s)
                yield pa.RecordBatch.from_pydict({"histories": pa.array([len(some)], pa.int64())})

    def _add_up(self, entity: str, parts: Iterable[dict[str, Any]]) -> dict[str, int]:
        sums: dict[str, int] = {}
        for part in parts:
            sums = add(sums, json.loads(part["sums"]))
        return fold(self.sealed.value.open().history, entity, sums, self.until_s)


def record(added: DataFrame, sealed: Broadcast[SealedVersion], table: str, name: str, until_s: float) -> int:
    """Add what all spans added to the stored histories, and return to how many.

    Exactly once: under the same ``name`` the same sums have to come again. What matured before ``until_s``, the time of
    the last event, stands in the sums.
    """
    bucket = sf.pmod(sf.hash("entity", "key"), sf.lit(_BUCKETS))
    ordered = added.withColumn("bucket", bucket).repartition(_BUCKETS, "bucket")
    done = ordered.sortWithinPartitions("bucket", "entity", "key", "span").mapInArrow(
        _Record(sealed, table, name, until_s), "histories bigint"
    )
    return int(done.agg(sf.coalesce(sf.sum("histories"), sf.lit(0)).alias("n")).collect()[0].n)
