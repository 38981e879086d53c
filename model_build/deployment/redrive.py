"""Redrive of a deployment's dead-letter queue."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tollgate.adapters import clients
from tollgate.adapters.aws_lambda import StreamFunction
from tollgate.adapters.s3.batch_files import BatchStore
from tollgate.adapters.sqs import DeadLetterQueue
from tollgate.errors import InputError, TollgateError

from model_build.deployment.dead_letters import FailedMessage, describe


@dataclass(frozen=True)
class Deployment:
    """Where messages lie and go: the dead-letter queue, the queue of files, and the stream function, where it is named.

    ``bucket`` has the reasons.
    """

    dead_letters: DeadLetterQueue
    bucket: str
    function: StreamFunction | None

    @classmethod
    def of(cls, dead_letter_url: str, queue_url: str, bucket: str, stream_function: str | None) -> Deployment:
        """Connect to what the stack's outputs name."""
        function = StreamFunction(clients.functions(), stream_function) if stream_function else None
        return cls(DeadLetterQueue(clients.sqs(), dead_letter_url, queue_url), bucket, function)

    def takes(self, one: FailedMessage) -> bool:
        """Return whether a message has somewhere to go."""
        return one.kind == "file" or (one.kind == "records" and self.function is not None)

    def take(self, one: FailedMessage) -> FailedMessage:
        """Put a file back, or have records decided on, and delete the message; what fails stays, and says why."""
        try:
            if one.kind == "file":
                self.dead_letters.put_back(one.letter)
                return replace(one, status="put back")
            assert self.function is not None
            self.function.decide_again(one.letter.body)
            self.dead_letters.delete(one.letter)
            return replace(one, status="decided")
        except TollgateError as error:
            return replace(one, status="failed", reason=str(error))


def redrive(deployment: Deployment, chosen: Collection[str] = (), *, every: bool = False) -> list[FailedMessage]:
    """List what was given up, and put back the messages that were ``chosen`` by id, or ``every`` one that can be.

    One that cannot be put back stays and stops none after it. Raises `InputError` for an id that no message has, or
    that of a message with nowhere to go; then nothing is put back.
    """
    store = BatchStore(clients.s3(), deployment.bucket)
    found = [describe(store, letter) for letter in deployment.dead_letters.receive()]
    try:
        wanted = _choose(deployment, found, chosen, every=every)
        for place in wanted:
            found[place] = deployment.take(found[place])
    finally:
        for one in found:
            if one.status in ("stays", "failed"):
                deployment.dead_letters.show_again(one.letter)
    return found


def _choose(
    deployment: Deployment, found: Sequence[FailedMessage], chosen: Collection[str], *, every: bool
) -> list[int]:
    """Return the places of what is to be put back."""
    if every:
        return [place for place, one in enumerate(found) if deployment.takes(one)]
    places = {one.letter.message_id: place for place, one in enumerate(found)}
    for message_id in chosen:
        if message_id not in places:
            raise InputError(
                f"Message {message_id} is not in the dead-letter queue; run without --message to list the queue."
            )
        one = found[places[message_id]]
        if not deployment.takes(one):
            able = "add --stream-function to redrive it" if one.kind else "it cannot be redriven"
            raise InputError(f"Message {message_id} is about {one.about}; {able}.")
    return [places[message_id] for message_id in dict.fromkeys(chosen)]
