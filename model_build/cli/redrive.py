"""The `tollgate redrive` command."""

from __future__ import annotations

import click


@click.command()
@click.option("--dead-letter-url", required=True, help="The dead-letter queue (output DeadLetterUrl).")
@click.option("--queue-url", required=True, help="The queue of files (output QueueUrl).")
@click.option("--bucket", required=True, help="The deployment's bucket (output BucketName), which has the reasons.")
@click.option("--stream-function", help="What decides on records of streams (output StreamFunctionArn).")
@click.option("--message", "chosen", multiple=True, metavar="ID", help="Put back this message; may be repeated.")
@click.option("--all", "every", is_flag=True, help="Put back every message that can be.")
def redrive(
    dead_letter_url: str,
    queue_url: str,
    bucket: str,
    stream_function: str | None,
    chosen: tuple[str, ...],
    *,
    every: bool,
) -> None:
    """List what was given up and why; with --message or --all, put it back.

    A file goes on from where it was when it was given up. Records of streams are decided on by the stream function, if
    it is named; else they are listed only. Each message is deleted last, so an interruption loses none. The command
    ends with status 1 where a message could not be put back. AWS credentials, region and AWS_ENDPOINT_URL are taken
    from the environment.
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
