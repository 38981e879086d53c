"""The `tollgate reindex` command."""

from __future__ import annotations

from datetime import datetime

import click

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--decisions-table", required=True, help="The table of decisions (output DecisionsTableName).")
@click.option("--bucket", required=True, help="The deployment's bucket (output BucketName), which has the index.")
@click.option("--detector", required=True, help="The id of the detector whose decisions are to be found again.")
@click.option("--from", "first", type=_DAY, required=True, help="The first day (UTC) on which it decided.")
@click.option("--to", "last", type=_DAY, required=True, help="The last one.")
def reindex(decisions_table: str, bucket: str, detector: str, first: datetime, last: datetime) -> None:
    """Write the index of some days anew, from the table of decisions.

    For days of which searches miss something: their segments were deleted, or records of the table's stream were given
    up. The whole table is read, which DynamoDB bills by its size. Decisions and labels that come meanwhile are kept.
    The same again changes nothing. AWS credentials, region and AWS_ENDPOINT_URL are taken from the environment.
    """
    from tollgate.services.container import Container
    from tollgate.settings import Settings

    from model_build.deployment.reindex import reindex as write_anew

    if last < first:
        raise click.UsageError(f"--to {last:%Y-%m-%d} is before --from {first:%Y-%m-%d}; turn them around.")
    container = Container.of(Settings(bucket, "", decisions_table, detector))
    done = write_anew(
        container, detector, first.date(), last.date(), lambda read: click.echo(f"{read:,} items read", err=True)
    )
    for day, count in sorted(done.decisions.items()):
        click.echo(f"{day}  {count:,}")
    total = sum(done.decisions.values())
    click.echo(f"{total:,} decisions of {len(done.decisions)} days indexed, {done.replaced} segments replaced")
