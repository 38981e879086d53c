"""The `tollgate` commands that use a sealed version or a deployment: `score`, `replay`, `redrive` and `reindex`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from model_build.cli.console import NOW, check_writable
from model_build.cli.version_folder import VersionCommand, show_version

if TYPE_CHECKING:
    from model_build.deployment.replay import Replay

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_DAY = click.DateTime(["%Y-%m-%d"])
# Invalid rows that are printed; the results have all of them.
_MAX_SHOWN = 3


@click.command(cls=VersionCommand)
@click.argument("data", type=_FILE)
@click.option("--version", "folder", type=_FOLDER, required=True, help="Sealed version, or detector folder.")
@click.option("--out", type=_FILE, required=True, help="Output file, .csv: the rows with their decisions.")
@click.option("--fresh", is_flag=True, help="Start with empty histories instead of those of the training data.")
@NOW
def score(data: Path, folder: Path, out: Path, *, fresh: bool, now: datetime | None) -> None:
    """Score a file on this machine.

    Every row of DATA gets the decision that the deployed batch function would give. A row in the future is an error, as
    in the deployment; use --now for a file that was made at another time. Rows older than the end of the training data
    are already part of its histories; use --fresh to score them without.
    """
    from model_build.deployment.score_file import score_file

    check_writable(out.parent)
    summary = score_file(data, folder, out, fresh=fresh, now=now)
    counts = ", ".join(f"{count:,} {name}" for name, count in summary["outcomes"].items())
    show_version(summary["detector_version"], folder)
    click.echo(f"Wrote {out}: {counts}; {summary['failed']:,} invalid rows")
    for line in describe_downgraded(summary["downgraded"]):
        click.echo(line)
    for error in summary["errors"][:_MAX_SHOWN]:
        place = f"Row {error['row']:,}" + (f', column "{error["column"]}"' if error["column"] else "")
        click.echo(f"{place}: {error['message']}.", err=True)
    for note in summary["notes"]:
        click.echo(f"Note: {note}", err=True)


def describe_downgraded(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield a line for each rule that gave rows a weaker outcome than their score; ``counts`` are by rule."""
    for rule, rows in counts.items():
        many = f"{rows:,} {'row' if rows == 1 else 'rows'}"
        yield f'Rule "{rule}" downgraded {many} from the outcome of the score: see the column "downgraded_from"'


@click.command(cls=VersionCommand)
@click.argument("event_id")
@click.option("--detector", required=True, help="ID of the detector.")
@click.option(
    "--decisions-table", required=True, help="Decisions table of the deployment (stack output DecisionsTableName)."
)
@click.option("--bucket", help="Bucket of the deployment (stack output BucketName), to read the version from.")
@click.option("--folder", type=_FOLDER, help="Folder of the version, or of its detector, instead of the bucket.")
def replay(event_id: str, detector: str, decisions_table: str, bucket: str | None, folder: Path | None) -> None:
    """Replay a decision and compare the result.

    The record of EVENT_ID holds the version, the event, and the values that were read from histories and lists.
    Probability, score, outcome, rules and reasons must match bit for bit; any difference is printed, and the exit
    status is 1. AWS credentials, region and AWS_ENDPOINT_URL are taken from the environment.
    """
    from model_build.deployment.replay import replay_decision

    replayed = replay_decision(event_id, detector, decisions_table, bucket, folder)
    for line in describe_replay(replayed):
        click.echo(line)
    if replayed.differences:
        raise SystemExit(1)


def describe_replay(replayed: Replay) -> list[str]:
    """Return the lines that describe a replay."""
    decision, again = replayed.decision, replayed.again
    lines = []
    if decision.is_overruled:
        lines += [
            f"The answer was {decision.outcome}, by the circuit breaker or a forced outcome; "
            f"the decision was {again.outcome}"
        ]
    if taken := replayed.downgraded:
        lines += [f'Rule "{taken.rule}" lowered the outcome from {taken.from_} to {again.outcome}']
    if not replayed.differences:
        reasons = "no reasons" if decision.reasons is None else f"{len(decision.reasons)} reasons"
        said = f"probability {decision.probability!r}, score {decision.score}, {again.outcome}"
        said = f"{said}, {len(decision.rules)} rules, {reasons}; version {decision.detector_version}"
        return [*lines, f"Identical: {said}"]
    lines += ["Different:"]
    for difference in replayed.differences:
        lines.append(f"  {difference.what}: was {json.dumps(difference.then)}, now {json.dumps(difference.now)}")
    if replayed.then != replayed.now:
        lines.append(f"Decided with {replayed.then}; replayed with {replayed.now}")
    return lines


@click.command()
@click.option("--dead-letter-url", required=True, help="Dead-letter queue (stack output DeadLetterUrl).")
@click.option("--queue-url", required=True, help="Queue of files (stack output QueueUrl).")
@click.option("--bucket", required=True, help="Bucket of the deployment (stack output BucketName).")
@click.option("--stream-function", help="Stream function, needed for stream records (stack output StreamFunctionArn).")
@click.option("--message", "chosen", multiple=True, metavar="ID", help="Redrive this message; can be repeated.")
@click.option("--all", "every", is_flag=True, help="Redrive all messages that can be.")
def redrive(
    dead_letter_url: str,
    queue_url: str,
    bucket: str,
    stream_function: str | None,
    chosen: tuple[str, ...],
    *,
    every: bool,
) -> None:
    """List or redrive the dead-letter queue.

    Without --message or --all, this lists the failed messages with their reasons. A redriven file resumes where it
    stopped. Stream records are sent to the stream function; without --stream-function they are only listed. A message
    is deleted last, so an interruption loses none. The exit status is 1 if a message could not be redriven. AWS
    credentials, region and AWS_ENDPOINT_URL are taken from the environment.
    """
    from model_build.deployment.redrive import Deployment
    from model_build.deployment.redrive import redrive as put_back

    found = put_back(Deployment.of(dead_letter_url, queue_url, bucket, stream_function), chosen, every=every)
    for one in found:
        click.echo(f"{one.letter.message_id}  {one.status}: {one.about}: {one.reason}")
    statuses = [one.status for one in found]
    click.echo(f"{len(found)} messages, {statuses.count('put back')} put back, {statuses.count('decided')} decided")
    if "failed" in statuses:
        raise SystemExit(1)


@click.command()
@click.option(
    "--decisions-table", required=True, help="Decisions table of the deployment (stack output DecisionsTableName)."
)
@click.option("--bucket", required=True, help="Bucket of the deployment (stack output BucketName).")
@click.option("--detector", required=True, help="ID of the detector.")
@click.option("--from", "first", type=_DAY, required=True, help="First day to reindex (UTC).")
@click.option("--to", "last", type=_DAY, required=True, help="Last day to reindex (UTC).")
def reindex(decisions_table: str, bucket: str, detector: str, first: datetime, last: datetime) -> None:
    """Rebuild the search index of some days.

    Use it when searches miss decisions: index segments were deleted, or records of the table's stream failed. It reads
    the whole decisions table, which DynamoDB bills by size. Decisions and labels that arrive meanwhile are kept.
    Running it twice changes nothing. AWS credentials, region and AWS_ENDPOINT_URL are taken from the environment.
    """
    from tollgate.services.container import Container
    from tollgate.settings import Settings

    from model_build.deployment.reindex import reindex as write_anew

    if last < first:
        raise click.UsageError(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}; swap them.")
    container = Container.of(Settings(bucket, "", decisions_table, detector))
    done = write_anew(
        container, detector, first.date(), last.date(), lambda read: click.echo(f"{read:,} items read", err=True)
    )
    for day, count in sorted(done.decisions.items()):
        click.echo(f"{day}  {count:,}")
    total = sum(done.decisions.values())
    click.echo(f"{total:,} decisions on {len(done.decisions)} days indexed, {done.replaced} segments replaced")


COMMANDS: tuple[click.Command, ...] = (score, replay, redrive, reindex)
