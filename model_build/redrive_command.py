"""The `tollgate redrive` command."""

from __future__ import annotations

import click


@click.command()
@click.option("--dead-letter-url", required=True, help="The dead-letter queue (output DeadLetterUrl).")
@click.option("--queue-url", required=True, help="The queue of files (output QueueUrl).")
@click.option("--bucket", required=True, help="The deployment's bucket (output BucketName), which has the reasons.")
@click.option("--message", "chosen", multiple=True, metavar="ID", help="Put back this message; may be repeated.")
@click.option("--all", "every", is_flag=True, help="Put back every message that is about files.")
def redrive(dead_letter_url: str, queue_url: str, bucket: str, chosen: tuple[str, ...], *, every: bool) -> None:
    """List what was given up and why; with --message or --all, put files back to be scored.

    A file goes on from where it was when it was given up. Records of streams are listed only. Each message is sent
    before it is deleted here, so an interruption loses none. AWS credentials, region and AWS_ENDPOINT_URL are taken
    from the environment.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from model_build.redriving import redrive as put_back

    try:
        redriven = put_back(dead_letter_url, queue_url, bucket, chosen, every=every)
    except (BotoCoreError, ClientError) as error:
        raise click.ClickException(f"AWS refused: {error}") from None
    for one in redriven.found:
        done = "put back" if one.letter.message_id in redriven.put_back else "stays"
        click.echo(f"{one.letter.message_id}  {done}: {one.about}: {one.reason}")
    click.echo(f"{len(redriven.found)} messages, {len(redriven.put_back)} put back")
