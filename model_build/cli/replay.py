"""The `tollgate replay` command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from model_build.cli.version_folder import VersionCommand

if TYPE_CHECKING:
    from model_build.deployment.replay import Replay

_FOLDER = click.Path(path_type=Path, file_okay=False)


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
            f"The answer was {decision.outcome}, by the brake or a forced outcome; the decision was {again.outcome}"
        ]
    if taken := replayed.downgraded:
        lines += [f'Rule "{taken.rule}" lowered the outcome from {taken.from_} to {again.outcome}']
    if not replayed.differences:
        reasons = "no reasons" if decision.reasons is None else f"{len(decision.reasons)} reasons"
        outcome, version = again.outcome, decision.detector_version
        said = f"probability {decision.probability!r}, score {decision.score}, {outcome}"
        return [*lines, f"Identical: {said}, {len(decision.rules)} rules, {reasons}; version {version}"]
    lines += ["Different:"]
    for difference in replayed.differences:
        lines.append(f"  {difference.what}: was {json.dumps(difference.then)}, now {json.dumps(difference.now)}")
    if replayed.then != replayed.now:
        lines.append(f"Decided with {replayed.then}; replayed with {replayed.now}")
    return lines
