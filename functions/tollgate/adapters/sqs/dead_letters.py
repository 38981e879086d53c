"""Dead-letter queue: reads what was given up, and puts it back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tollgate.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# How long messages are hidden from others while they are listed or put back.
_HIDDEN_S = 120
_MAX_EMPTY = 2


@dataclass(frozen=True)
class DeadLetter:
    """One message that was given up; ``receipt`` is what deletes it."""

    message_id: str
    body: str
    receipt: str


@dataclass(frozen=True)
class DeadLetterQueue:
    """The queue of what was given up, and the one that files are put back to."""

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
        """Send a message to the queue of files again, then delete it here: cut short in between, it is in both."""
        if not self.client.send_message(QueueUrl=self.queue_url, MessageBody=letter.body).get("MessageId"):
            raise UnavailableError("The queue did not take a message; try again.")
        self.delete(letter)

    def delete(self, letter: DeadLetter) -> None:
        """Delete a message that was dealt with."""
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=letter.receipt)

    def show_again(self, letter: DeadLetter) -> None:
        """Let others see a message that stays."""
        self.client.change_message_visibility(QueueUrl=self.url, ReceiptHandle=letter.receipt, VisibilityTimeout=0)
