"""Micro-batches of a stream: each is decided on, written and added to the histories exactly once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spark_job.input.records import read_records
from spark_job.input.tables import take_frame
from spark_job.scoring import SPAN_ROWS, Scoring
from spark_job.sealed import SealedVersion
from spark_job.staging import Stages, name_after, remove

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming import DataStreamReader, StreamingQuery

# The columns that hold a record's data and its key, by source; those of Kafka unless they are named here.
_COLUMNS = {"aws-kinesis": ("data", "partitionKey")}
_OF_KAFKA = ("value", "key")


@dataclass(frozen=True)
class Stream:
    """Where events come from, and where decisions go. ``options`` are those of Spark's ``source``.

    Records of the source are read as those that come to the stream function. ``checkpoint`` is a folder of S3 or of
    this machine: a stream that is started again with the same one goes on where it stopped.
    """

    source: str
    output: str
    checkpoint: str
    histories: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    span_rows: int = SPAN_ROWS

    @property
    def name(self) -> str:
        """The name under which micro-batches are marked as recorded; it follows from the checkpoint."""
        return name_after(self.checkpoint)


def start_stream(
    spark: SparkSession, take_version: Callable[[], SealedVersion], stream: Stream, every: str | None = None
) -> StreamingQuery:
    """Start deciding, with the version that ``take_version`` gives at each micro-batch.

    A micro-batch begins ``every`` so often, such as "10 seconds"; None takes what there is now, and ends.
    """
    reader: DataStreamReader = spark.readStream.format(stream.source).options(**stream.options)

    def decide(frame: DataFrame, epoch: int) -> None:
        decide_batch(frame, epoch, take_version(), stream)

    trigger = {"processingTime": every} if every else {"availableNow": True}
    writer = reader.load().writeStream.foreachBatch(decide).option("checkpointLocation", stream.checkpoint)
    return writer.trigger(**trigger).start()


def decide_batch(frame: DataFrame, epoch: int, sealed: SealedVersion, stream: Stream) -> None:
    """Decide on one micro-batch.

    Spark repeats the last one, with the same records under the same number, where it cannot tell that it was finished:
    its results then take the place of those that are there, and what it adds to the histories is found added.
    """
    spark, version, work = frame.sparkSession, sealed.open(), f"{stream.checkpoint.rstrip('/')}/tollgate"
    remove(spark, f"{work}/{epoch - 1}")
    shared = spark.sparkContext.broadcast(sealed)
    events = read_records(frame, shared, *_COLUMNS.get(stream.source, _OF_KAFKA))
    scoring = Scoring(
        shared,
        Stages(spark, f"{work}/{epoch}/{version.version}"),
        take_frame(events, version.event_type),
        stream.histories,
        stream.span_rows,
    )
    scoring.results().write.mode("overwrite").parquet(f"{stream.output.rstrip('/')}/epoch={epoch}")
    scoring.record(f"{stream.name}#{epoch}")
