"""SQS in memory: queues whose messages are hidden while they are worked on."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.fakes.errors import AwsError

Json = dict[str, Any]
_ACCOUNT = "000000000000"
_HIDDEN_S = 30


@dataclass
class Message:
    """A message; it can be received from ``shown_at`` on, by the clock that only runs forward."""

    message_id: str
    body: str
    shown_at: float = 0.0
    receipt: str = ""
    received: int = 0


@dataclass
class Queue:
    """Messages by id, the oldest first."""

    name: str
    messages: dict[str, Message] = field(default_factory=dict)


class SQS:
    """Queues by URL. Any number of threads may use it. Receiving never waits for messages to come."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._queues: dict[str, Queue] = {}
        self._numbers = count(1)
        self._lock = threading.RLock()

    def create_queue(self, *, QueueName: str, **_: object) -> Json:
        url = f"{self._endpoint_url}/{_ACCOUNT}/{QueueName}"
        self._queues.setdefault(url, Queue(QueueName))
        return {"QueueUrl": url}

    def delete_queue(self, *, QueueUrl: str) -> Json:
        self._find(QueueUrl)
        del self._queues[QueueUrl]
        return {}

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: Sequence[str] = ()) -> Json:
        queue, now = self._find(QueueUrl), time.monotonic()
        shown = sum(message.shown_at <= now for message in queue.messages.values())
        found = {
            "QueueArn": f"arn:aws:sqs:us-east-1:{_ACCOUNT}:{queue.name}",
            "ApproximateNumberOfMessages": str(shown),
            "ApproximateNumberOfMessagesNotVisible": str(len(queue.messages) - shown),
        }
        return {"Attributes": {name: found[name] for name in found if {name, "All"} & set(AttributeNames)}}

    def send_message(self, *, QueueUrl: str, MessageBody: str, **_: object) -> Json:
        with self._lock:
            message = Message(f"message-{next(self._numbers)}", MessageBody)
            self._find(QueueUrl).messages[message.message_id] = message
        return {"MessageId": message.message_id, "MD5OfMessageBody": _md5(MessageBody)}

    def send_to(self, arn: str, body: str) -> None:
        """Send a message to the queue of that ARN."""
        self.send_message(QueueUrl=f"{self._endpoint_url}/{_ACCOUNT}/{arn.rpartition(':')[2]}", MessageBody=body)

    def receive_message(
        self, *, QueueUrl: str, MaxNumberOfMessages: int = 1, VisibilityTimeout: int = _HIDDEN_S, **_: object
    ) -> Json:
        with self._lock:
            now = time.monotonic()
            shown = [message for message in self._find(QueueUrl).messages.values() if message.shown_at <= now]
            taken = shown[:MaxNumberOfMessages]
            for message in taken:
                message.shown_at = now + VisibilityTimeout
                message.received += 1
                message.receipt = f"{message.message_id}|{next(self._numbers)}"
            return {"Messages": [_told(message) for message in taken]} if taken else {}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> Json:
        with self._lock:
            messages = self._find(QueueUrl).messages
            message = messages.get(ReceiptHandle.partition("|")[0])
            if message is not None and message.receipt == ReceiptHandle:
                del messages[message.message_id]
        return {}

    def change_message_visibility(self, *, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> Json:
        with self._lock:
            message = self._find(QueueUrl).messages.get(ReceiptHandle.partition("|")[0])
            if message is None:
                raise AwsError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
            message.shown_at = time.monotonic() + VisibilityTimeout
        return {}

    def _find(self, url: str) -> Queue:
        if url not in self._queues:
            code = "com.amazonaws.sqs#QueueDoesNotExist"
            raise AwsError(code, "The specified queue does not exist.")
        return self._queues[url]


def _told(message: Message) -> Json:
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": _md5(message.body),
        "Attributes": {"ApproximateReceiveCount": str(message.received)},
    }


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
