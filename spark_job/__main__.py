"""Entry point for `spark-submit`: `score` for files, `stream` for a stream."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from tollgate.adapters import clients
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.times.time_format import TimeFormat
from tollgate.core.times.timestamps import to_moment
from tollgate.errors import InputError, TollgateError

from spark_job.input.tables import FORMATS
from spark_job.job import Job, run_job
from spark_job.scoring import SPAN_ROWS
from spark_job.sealed import SealedVersion, load_champion, load_folder
from spark_job.stream import Stream, start_stream

_PLAIN = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".json": "json", ".jsonl": "json", ".ndjson": "json"}
_SUFFIXES = {**_PLAIN, **{f"{suffix}.gz": form for suffix, form in _PLAIN.items()}, ".parquet": "parquet"}

# A mistake that a worker finds comes with its traceback.
_WORKER_ERROR = re.compile(r"^(?:Caused by: )?tollgate\.errors\.\w+: (?P<sentence>.+)$", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the job; a mistake ends in one sentence and exit status 1."""
    asked = build_parser().parse_args(arguments)
    spark = SparkSession.builder.appName("tollgate").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    try:
        asked.run(spark, asked)
    except TollgateError as error:
        sys.exit(str(error))
    except PySparkException as error:
        if (told := _WORKER_ERROR.search(str(error))) is None:
            raise
        sys.exit(told["sentence"])


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the job's arguments."""
    parser = argparse.ArgumentParser(prog="spark_job", description="Tollgate's decisions on Spark.")
    commands = parser.add_subparsers(required=True)
    score = commands.add_parser("score", help="decide on a file, or on a folder of files")
    score.add_argument("input", help="a path of this machine, or s3://bucket/…")
    score.add_argument("output", help="the folder for the results; it must not be there yet")
    score.add_argument("--format", choices=FORMATS, help="of the input; its suffix tells")
    score.add_argument("--out-format", choices=("csv", "parquet"), default="parquet")
    score.add_argument("--delimiter", help="of CSV; its header tells")
    score.add_argument("--now", type=_moment, metavar="WHEN", help="when the input was made; else this machine's time")
    score.set_defaults(run=_score)
    stream = commands.add_parser("stream", help="decide on the events of a stream, in micro-batches")
    stream.add_argument("output", help="the folder for the results")
    stream.add_argument("--checkpoint", required=True, help="the folder that remembers how far the stream was read")
    stream.add_argument("--source", default="kafka", help="a source of Spark, whose records are events as JSON")
    stream.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the source")
    stream.add_argument("--every", help='how often, such as "10 seconds"; else what is there now, once')
    stream.set_defaults(run=_stream)
    for command in (score, stream):
        command.add_argument("--version", type=Path, help="a sealed version folder, instead of a bucket's champion")
        command.add_argument("--bucket", help="the deployment's bucket (output BucketName)")
        command.add_argument("--detector", help="the detector whose champion decides")
        command.add_argument("--history-table", help="the deployment's history table; without it histories begin empty")
        command.add_argument(
            "--span-rows", type=int, default=SPAN_ROWS, help="about how many rows a task has in memory"
        )
    return parser


def _moment(text: str) -> datetime:
    try:
        return to_moment(TimeFormat().read(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _score(spark: SparkSession, asked: argparse.Namespace) -> None:
    form = asked.format or next((form for suffix, form in _SUFFIXES.items() if asked.input.endswith(suffix)), None)
    if form is None:
        raise InputError(f'"{asked.input}" does not tell its format by its suffix; give --format.')
    job = Job(
        asked.input,
        form,
        asked.output,
        asked.out_format,
        asked.history_table,
        asked.delimiter,
        asked.span_rows,
        asked.now,
    )
    if not run_job(spark, _choose_version(asked)(), job):
        print(f"The results are there already: {asked.output}")


def _stream(spark: SparkSession, asked: argparse.Namespace) -> None:
    options = dict(option.split("=", 1) for option in asked.option)
    stream = Stream(asked.source, asked.output, asked.checkpoint, asked.history_table, options, asked.span_rows)
    start_stream(spark, _choose_version(asked), stream, asked.every).awaitTermination()


def _choose_version(asked: argparse.Namespace) -> Callable[[], SealedVersion]:
    if asked.version:
        return lambda: load_folder(asked.version)
    if not (asked.bucket and asked.detector):
        raise InputError("Give --version, or --bucket and --detector.")
    store = VersionStore(clients.s3(), asked.bucket, refresh_s=0.0)
    return lambda: load_champion(store, asked.detector)


if __name__ == "__main__":
    main()
