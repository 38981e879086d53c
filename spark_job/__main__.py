"""Entry point for `spark-submit`: `score` for files, `stream` for a stream."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

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

# What `ArgumentParser.add_subparsers` returns.
_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
# An error raised by a worker comes with the traceback of the worker.
_WORKER_ERROR = re.compile(r"^(?:Caused by: )?tollgate\.errors\.\w+: (?P<sentence>.+)$", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the job; an error ends it with one sentence and exit status 1."""
    asked = build_parser().parse_args(arguments)
    spark = SparkSession.builder.appName("tollgate").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    try:
        asked.run(spark, asked)
    except TollgateError as error:
        sys.exit(str(error))
    except PySparkException as error:
        if (found := _WORKER_ERROR.search(str(error))) is None:
            raise
        sys.exit(found["sentence"])


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the job's arguments."""
    parser = argparse.ArgumentParser(
        prog="spark_job", description="Decide on payments with Tollgate on Spark: on files, or on a stream."
    )
    commands = parser.add_subparsers(required=True)
    _add_score(commands)
    _add_stream(commands)
    return parser


def _add_score(commands: _Commands) -> None:
    """Add the command that decides on files."""
    score = commands.add_parser(
        "score", help="decide on a file or a folder of files", description="Decide on a file or a folder of files."
    )
    score.add_argument("input", help="file or folder to decide on: a local path, or s3://bucket/…")
    score.add_argument("output", help="folder for the results; it must not exist yet")
    score.add_argument("--format", choices=FORMATS, help="format of the input (default: by its file extension)")
    score.add_argument(
        "--out-format",
        choices=("csv", "parquet"),
        default="parquet",
        help="format of the results (default: %(default)s)",
    )
    score.add_argument("--delimiter", help="delimiter of a CSV input (default: by its header)")
    score.add_argument(
        "--now",
        type=_moment,
        metavar="WHEN",
        help="time at which the input was created, as in 2026-11-30T08:00:00Z (default: the current time)",
    )
    _add_version_options(score)
    score.set_defaults(run=_score)


def _add_stream(commands: _Commands) -> None:
    """Add the command that decides on a stream."""
    stream = commands.add_parser(
        "stream",
        help="decide on the events of a stream, in micro-batches",
        description="Decide on the events of a stream, in micro-batches.",
    )
    stream.add_argument("output", help="folder for the results")
    stream.add_argument("--checkpoint", required=True, help="folder where Spark keeps how far the stream was read")
    stream.add_argument(
        "--source", default="kafka", help="Spark source whose records are events as JSON (default: %(default)s)"
    )
    stream.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="option of the source; repeat for more"
    )
    stream.add_argument(
        "--every",
        help='interval between micro-batches, such as "10 seconds" (default: read once what is there now, then stop)',
    )
    _add_version_options(stream)
    stream.set_defaults(run=_stream)


def _add_version_options(command: argparse.ArgumentParser) -> None:
    """Add the options that say which version decides, and on top of which histories."""
    command.add_argument("--version", type=Path, help="folder of a sealed version, to use instead of a champion")
    command.add_argument("--bucket", help="bucket of the deployment (stack output BucketName)")
    command.add_argument("--detector", help="detector in the bucket whose champion decides")
    command.add_argument(
        "--history-table", help="history table of the deployment (default: start with empty histories)"
    )
    command.add_argument(
        "--span-rows",
        type=int,
        default=SPAN_ROWS,
        help="approximate number of rows that a task holds in memory (default: %(default)s)",
    )


def _moment(text: str) -> datetime:
    try:
        return to_moment(TimeFormat().read(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _score(spark: SparkSession, asked: argparse.Namespace) -> None:
    form = asked.format or next((form for suffix, form in _SUFFIXES.items() if asked.input.endswith(suffix)), None)
    if form is None:
        raise InputError(f'The file extension of "{asked.input}" does not say its format; add --format.')
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
        print(f"Nothing to do: the results already exist in {asked.output}.")


def _stream(spark: SparkSession, asked: argparse.Namespace) -> None:
    options = dict(option.split("=", 1) for option in asked.option)
    stream = Stream(asked.source, asked.output, asked.checkpoint, asked.history_table, options, asked.span_rows)
    start_stream(spark, _choose_version(asked), stream, asked.every).awaitTermination()


def _choose_version(asked: argparse.Namespace) -> Callable[[], SealedVersion]:
    if asked.version:
        return lambda: load_folder(asked.version)
    if not (asked.bucket and asked.detector):
        raise InputError("No detector version was named; add --version, or --bucket and --detector.")
    store = VersionStore(clients.s3(), asked.bucket, refresh_s=0.0)
    return lambda: load_champion(store, asked.detector)


if __name__ == "__main__":
    main()
