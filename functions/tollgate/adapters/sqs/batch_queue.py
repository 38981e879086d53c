"""Queue of batch files: hands a file on to a new message, and delays the next delivery of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from botocore.exceptions import BotoCoreError, ClientError

from tollgate.adapters.errors import error_code
from tollgate.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# What S3 writes in place of this in its own notices is aws:s3.
HANDED_ON = "tollgate:handed-on"
_MAX_DELAY_S = 43_200


@dataclass(frozen=True)
class FileQueue:
    """The queue that the batch function takes files from. ``connect`` is called when it is first written to."""

    url: str
    connect: Callable[[], SQSClient]

    def hand_on(self, key: str, etag: str) -> None:
        """Put a notice of a file on the queue, of the same shape as one from S3, so that it is gone on with."""
        stored = {"key": quote_plus(key, safe="/"), "eTag": etag}
        body = json.dumps({"Records": [{"eventSource": HANDED_ON, "s3": {"object": stored}}]})
        try:
            self.connect().send_message(QueueUrl=self.url, MessageBody=body)
        except ClientError as error:
            raise UnavailableError(f"The queue did not take a file: {error_code(error)}; try again.") from error
        except BotoCoreError as error:
            raise UnavailableError(f"The queue did not take a file: {type(error).__name__}; try again.") from error

    def retry_after(self, receipt: str, after_s: float) -> None:
        """Let a message that is being worked on come again no sooner than this, and no later unless it is put off."""
        timeout_s = min(max(int(after_s + 0.999), 0), _MAX_DELAY_S)
        try:
            self.connect().change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=timeout_s
            )
        except (ClientError, BotoCoreError) as error:
            raise UnavailableError("The queue did not put a message off; try again.") from error
