"""Job on one file or folder from start to end; after an interruption it resumes where it stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tollgate.core.files.file_format import FileForm

from spark_job.input.tables import read_table
from spark_job.scoring import SPAN_ROWS, Scoring
from spark_job.sealed import SealedVersion
from spark_job.staging import Stages, exists, name_after

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Job:
    """What to decide on, and where the results go. Paths are of this machine or of S3.

    ``form`` is one of `tables.FORMATS`, ``out_form`` csv or parquet. With ``histories``, a DynamoDB table, decisions
    begin from the stored histories, and a version whose detector records its files adds to them. ``now`` is when the
    rows were made, None for the time of this machine.
    """

    path: str
    form: str
    output: str
    out_form: str
    histories: str | None = None
    delimiter: str | None = None
    span_rows: int = SPAN_ROWS
    now: datetime | None = None

    @property
    def work(self) -> str:
        """Where intermediate tables are until the job is done."""
        return f"{self.output.rstrip('/')}.work"

    @property
    def name(self) -> str:
        """The name under which the job is marked as recorded; it follows from its output."""
        return name_after(self.output)


def run_job(spark: SparkSession, sealed: SealedVersion, job: Job) -> bool:
    """Decide on all rows; return False where that was done before.

    The results are there whole once their folder has a file _SUCCESS. Raises `TableError` where the input cannot be
    used at all.
    """
    if _is_written(spark, job) and not exists(spark, job.work):
        return False
    version = sealed.open()
    table = read_table(
        spark,
        job.path,
        job.form,
        version.event_type,
        FileForm(job.delimiter or version.file_form.delimiter, version.file_form.encoding),
    )
    stages = Stages(spark, f"{job.work}/{version.version}")
    scoring = Scoring(
        spark.sparkContext.broadcast(sealed),
        stages,
        table,
        job.histories,
        job.span_rows,
        as_text=job.out_form == "csv",
        now=job.now,
    )
    if not _is_written(spark, job):
        write_results(scoring.results(), job.output, job.out_form)
    if version.record_batches:
        scoring.record(job.name)
    Stages(spark, job.work).drop()
    return True


def _is_written(spark: SparkSession, job: Job) -> bool:
    return exists(spark, f"{job.output}/_SUCCESS")


def write_results(results: DataFrame, output: str, form: str) -> None:
    """Write results as a folder of files, in place of what an interrupted job left there."""
    writer = results.write.mode("overwrite")
    if form == "csv":
        # Spark would trim cells, and leave a carriage return in them unquoted.
        blanks = {"ignoreLeadingWhiteSpace": False, "ignoreTrailingWhiteSpace": False}
        writer.csv(output, header=True, quoteAll=True, escape='"', emptyValue="", **blanks)
    else:
        writer.parquet(output)
