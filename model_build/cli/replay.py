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
@click.option("--detector", required=True, help="The detector that decided.")
@click.option(
    "--decisions-table", required=True, help="The deployment's table of decisions (output DecisionsTableName)."
)
@click.option("--bucket", help="The deployment's bucket (output BucketName), which has the version.")
@click.option("--folder", type=_FOLDER, help="The sealed version's folder, or its detector's, in place of the bucket.")
def replay(event_id: str, detector: str, decisions_table: str, bucket: str | None, folder: Path | None) -> None:
    """Make the decision on EVENT_ID again from its record, and compare the two.

    Its record pins the version, the event, what was read from the histories, and what lists answered. Probability,
    score, outcome, rules and reasons have to be the same to the bit; what is not is printed, and the command ends with
    status 1. AWS credentials, region and AWS_ENDPOINT_URL are taken from the environment.
    """
    from model_build.deployment.replay import replay_decision

    replayed = replay_decision(event_id, detector, decisions_table, bucket, folder)
    for line in describe_replay(replayed):
        click.echo(line)
    if replayed.differences:
        raise SystemExit(1)


def describe_replay(replayed: Replay) -> list[str]:
    """Return what to say of a replay, line by line."""
    from tollgate.core.decisions.recompute import is_overruled

    answer, again = replayed.answer, replayed.again
    lines = []
    if is_overruled(answer):
        lines += [f"Given was {answer['outcome']}, by the brake or by force; decided was {again['outcome']}"]
    if taken := replayed.downgraded:
        lines += [f'Rule "{taken["rule"]}" gave {again["outcome"]} where the score alone gives {taken["from"]}']
    if not replayed.differences:
        reasons = "without reasons" if answer.get("reasons") is None else f"{len(answer['reasons'])} reasons"
        outcome, version = again["outcome"], answer["detector_version"]
        said = f"probability {answer['probability']!r}, score {answer['score']}, {outcome}"
        return [*lines, f"The same to the bit: {said}, {len(answer['rules'])} rules, {reasons}; version {version}"]
    lines += ["Not the same:"]
    for difference in replayed.differences:
        lines.append(f"  {difference.what}: was {json.dumps(difference.then)}, is {json.dumps(difference.now)}")
    if replayed.then != replayed.now:
        lines.append(f"Decided with {replayed.then}; here it is {replayed.now}")
    return lines
