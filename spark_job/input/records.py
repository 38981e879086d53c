"""Stream records as rows of cells, read as the stream function reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import functions as sf
from pyspark.sql.types import StringType, StructField, StructType
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.reader import check_columns
from tollgate.core.streams.reader import read_event_of, split_record
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import EventError, InputError

from spark_job.input.json_lines import write_cell
from spark_job.input.lines import CORRUPT
from spark_job.sealed import SealedVersion

if TYPE_CHECKING:
    from pyspark import Broadcast
    from pyspark.sql import DataFrame

Cells = list[str | None]


@dataclass(frozen=True)
class _ReadRecords:
    """Reads records; each event gives a row of cells, and what is no event a row that says why."""

    sealed: Broadcast[SealedVersion]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield a row for each event: columns of text, and what is wrong."""
        version = self.sealed.value.open()
        names = [*version.event_type.variables, CORRUPT]
        for batch in batches:
            records = zip(batch.column("data").to_pylist(), batch.column("key").to_pylist(), strict=True)
            rows = [row for data, key in records for row in _read_record(version, data, key)]
            columns = zip(*rows, strict=True) if rows else [[] for _ in names]
            yield pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], names)


def read_records(frame: DataFrame, sealed: Broadcast[SealedVersion], data: str, key: str) -> DataFrame:
    """Return the events that a stream's records hold, as a table of texts; ``data`` and ``key`` are columns.

    Records without data, which mark a key as deleted, are passed over.
    """
    with_key = sf.col(key).cast("binary") if key in frame.columns else sf.lit(None).cast("binary")
    records = frame.select(sf.col(data).cast("binary").alias("data"), with_key.alias("key"))
    names = [*sealed.value.open().event_type.variables, CORRUPT]
    schema = StructType([StructField(name, StringType()) for name in names])
    return records.mapInArrow(_ReadRecords(sealed), schema)


def _read_record(version: DetectorVersion, data: bytes | None, key: bytes | None) -> Iterator[Cells]:
    if not data:
        return
    try:
        parts = split_record(StreamRecord("kinesis", {}, "", key, bytes(data)))
    except InputError as error:
        yield _say(version, error)
        return
    for part in parts:
        try:
            event = read_event_of(version.stream, version.event_type, part.data, part.key)
            check_columns(version.event_type, event)
            yield [*(_cell(name, event.get(name)) for name in version.event_type.variables), None]
        except InputError as error:
            yield _say(version, error)


def _say(version: DetectorVersion, error: InputError) -> Cells:
    return [*(None for _ in version.event_type.variables), str(error)]


def _cell(name: str, value: object) -> str | None:
    """Return a value of JSON as text that is read as the value would be."""
    if isinstance(value, dict | list):
        raise EventError(f'Column "{name}": a nested value is not a text.', name)
    return write_cell(value)
