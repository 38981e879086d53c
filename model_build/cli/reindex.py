"""The `tollgate reindex` command."""

from __future__ import annotations

from datetime import datetime

import click

_DAY = click.DateTime(["%Y-%m-%d"])


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
