"""SQS queues: batch files to score, dead letters, and stream records that cannot be decided on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from botocore.exceptions import BotoCoreError, ClientError

from tollgate.adapters.errors import error_code, translated
from tollgate.core.streams.record import StreamRecord
from tollgate.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# What S3 writes in place of this in its own notices is aws:s3.
HANDED_ON = "tollgate:handed-on"
_MAX_DELAY_S = 43_200
# How long dead letters are hidden from others while they are listed or put back.
_HIDDEN_S = 120
# Empty answers in a row after which a queue is taken for empty.
_MAX_EMPTY = 2
# What every SQS queue takes.
_MAX_BYTES = 256 * 1024
# A reason quotes what it is about, such as the name of a column, which may be as long as the record.
_MAX_REASON_CHARACTERS = 1000


@dataclass(frozen=True)
class FileQueue:
    """The queue that the batch function takes files from. ``connect`` is called when it is first written to."""

    url: str
    connect: Callable[[], SQSClient]

    def hand_on(self, key: str, etag: str) -> None:
        """Put a notice of a file on the queue, of the same shape as one from S3, so that another run resumes it."""
        stored = {"key": quote_plus(key, safe="/"), "eTag": etag}
        body = json.dumps({"Records": [{"eventSource": HANDED_ON, "s3": {"object": stored}}]})
        try:
            self.connect().send_message(QueueUrl=self.url, MessageBody=body)
        except ClientError as error:
            raise UnavailableError(f"The queue did not take a file: {error_code(error)}; try again.") from error
        except BotoCoreError as error:
            raise UnavailableError(f"The queue did not take a file: {type(error).__name__}; try again.") from error

    def retry_after(self, receipt: str, after_s: float) -> None:
        """Set the visibility timeout of a message in work: it comes again after this time, unless put off again."""
        timeout_s = min(max(int(after_s + 0.999), 0), _MAX_DELAY_S)
        try:
            self.connect().change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=timeout_s
            )
        except (ClientError, BotoCoreError) as error:
            raise UnavailableError("The queue did not put a message off; try again.") from error


@dataclass(frozen=True)
class DeadLetter:
    """One message that was given up; ``receipt`` is what deletes it."""

    message_id: str
    body: str
    receipt: str


@dataclass(frozen=True)
class DeadLetterQueue:
    """The dead-letter queue, and the queue that files are put back on."""

    client: SQSClient
    url: str
    queue_url: str

    def receive(self) -> Iterator[DeadLetter]:
        """Yield the messages, each once, and hide them from others meanwhile: `show_again` what stays."""
        seen: set[str] = set()
        empty = 0
        while empty < _MAX_EMPTY:
            answer = self.client.receive_message(
                QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=_HIDDEN_S, WaitTimeSeconds=1
            )
            new = [found for found in answer.get("Messages", []) if found["MessageId"] not in seen]
            empty = 0 if new else empty + 1
            for found in new:
                seen.add(found["MessageId"])
                yield DeadLetter(found["MessageId"], found["Body"], found["ReceiptHandle"])

    def put_back(self, letter: DeadLetter) -> None:
        """Send a message to the queue of files again, then delete it here; if interrupted in between, it is in both."""
        if not self.client.send_message(QueueUrl=self.queue_url, MessageBody=letter.body).get("MessageId"):
            raise UnavailableError("The queue did not take a message; try again.")
        self.delete(letter)

    def delete(self, letter: DeadLetter) -> None:
        """Delete a message that was dealt with."""
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=letter.receipt)

    def show_again(self, letter: DeadLetter) -> None:
        """Let others see a message that stays."""
        self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=letter.receipt, VisibilityTimeout=0)


@dataclass(frozen=True)
class RefusedRecords:
    """The queue at ``url``. ``connect`` is called when the first message is sent."""

    url: str
    connect: Callable[[], SQSClient]

    def keep(self, record: StreamRecord, detector: str, error: InputError, failed_at: str) -> None:
        """Send a record with the reason why it cannot be decided on; raise `UnavailableError` if that fails.

        A record that is too large for a message is sent without its key and data: only the stream has it then.
        """
        if not self.url:
            raise UnavailableError("No dead-letter queue is named for stream records; the template does that.")
        reason = {
            "detector": detector,
            "code": error.code,
            "reason": str(error)[:_MAX_REASON_CHARACTERS],
            "failed_at": failed_at,
        }
        body = json.dumps({"stream_record": record.to_json(), **reason})
        if len(body) > _MAX_BYTES:
            body = json.dumps({"stream_record": record.to_json(with_bytes=False), **reason})
        with translated("The dead-letter queue"):
            self.connect().send_message(QueueUrl=self.url, MessageBody=body)
