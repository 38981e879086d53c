"""The `tollgate redrive` command."""

from __future__ import annotations

import click


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
