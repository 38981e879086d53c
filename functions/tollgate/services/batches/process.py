"""Processing of a file from the inbox: scored once, whatever is repeated, killed or handed on."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tollgate import clock
from tollgate.adapters.dynamodb.batches import BatchState
from tollgate.adapters.s3.batch_files import to_json
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.adapters.s3.upload import WorkLostError
from tollgate.errors import ConflictError, InputError, TollgateError, UnavailableError
from tollgate.services.batches.announce import publish_batch
from tollgate.services.batches.batch_run import BatchRun, open_run
from tollgate.services.batches.checkpoints import forget_checkpoint
from tollgate.services.batches.delivery import Delivery
from tollgate.services.batches.lease import BatchLease, now
from tollgate.services.batches.record import record_rows
from tollgate.services.batches.score import score_rows
from tollgate.services.container import Container

_log = logging.getLogger(__name__)
_WITHOUT_MESSAGE = Delivery()


class LeaseHeldError(ConflictError):
    """Another run works on the same message, and has ``for_s`` seconds before that ends without a sign of life."""

    def __init__(self, batch_id: str, for_s: float) -> None:
        super().__init__(f"Batch {batch_id} is still worked on for this message; it comes again.")
        self.for_s = for_s


class GivenUpError(TollgateError):
    """A file that several runs brought no further. It stays in the dead-letter queue until it is put back."""

    code = "given_up"


def score_batch(container: Container, key: str, etag: str, delivery: Delivery = _WITHOUT_MESSAGE) -> BatchState:
    """Score the file at ``key``, and return its state: done, rejected, or running if it was handed on or is elsewhere.

    Of all runs for a file, at the same time or one after the other, each goes on from where the one before it was,
    and one writes the results. Raises `GivenUpError` once that was tried too often, `LeaseHeldError` if the same
    message is still worked on, and what storage raises: then the message has to come again.
    """
    file = BatchFile.of(key, etag, container.settings.detector)
    try:
        lease = BatchLease.take(container, file, delivery)
    except TollgateError as error:
        _give_up_at_last(container, file, delivery, None, error)
        raise
    if lease is None:
        return _look(container, file, delivery)
    with lease:
        try:
            return _run(container, file, etag, delivery, lease)
        except InputError as error:
            return _reject(container, file, lease, str(error))
        except Exception as error:
            _give_up_at_last(container, file, delivery, lease, error)
            raise


def _look(container: Container, file: BatchFile, delivery: Delivery) -> BatchState:
    """Return the state of a batch that is done, or that another run holds; raise if the message has to come again."""
    state = container.states.find(file.batch_id)
    if state is None:
        raise UnavailableError(f"The state of batch {file.batch_id} was not found; try again.")
    if state.status == "failed":
        raise GivenUpError(state.reason or "Given up.")
    if state.lease and state.message == delivery.message != "":
        raise LeaseHeldError(file.batch_id, max(state.held_until / 1000 - clock.now_s(), 0.0))
    # The message of the run that holds it is still in the queue: this one is not needed.
    return state


def _run(container: Container, file: BatchFile, etag: str, delivery: Delivery, lease: BatchLease) -> BatchState:
    state = lease.state
    if state.tries > container.settings.most_tries:
        trouble = state.trouble or "the function was ended before it came further"
        raise GivenUpError(f"Given up after {container.settings.most_tries} tries: {trouble}")
    if delivery.receives > container.settings.most_tries:
        # Earlier runs came further, and used this message up: the next ones get a new one.
        return _hand_on(container, file, etag, lease)
    with TemporaryDirectory(prefix="tollgate-") as folder:
        run = open_run(container, file, lease, Path(folder))
        if not score_rows(container, file, etag, delivery, lease, run):
            return _hand_on(container, file, etag, lease)
        summary = _publish(container, file, lease, run)
        if run.version.record_batches and not record_rows(container, file, delivery, lease, run):
            return _hand_on(container, file, etag, lease)
    numbers = {name: int(summary[name]) for name in ("rows", "scored", "failed")}
    done = lease.end("done", removed=("checkpoint", "trouble"), finished_at=now(), **numbers)
    forget_checkpoint(container.batches, file)
    publish_batch(container, summary)
    return done


def _publish(container: Container, file: BatchFile, lease: BatchLease, run: BatchRun) -> dict[str, Any]:
    """Make objects of the results that were sent, then write the summary that names them."""
    for sent in run.checkpoint.sent.values():
        container.batches.publish(sent, lease.state.run)
    summary = dict(run.checkpoint.summary or {})
    container.batches.write(file.summary_key, to_json(summary), "application/json")
    return summary


def _hand_on(container: Container, file: BatchFile, etag: str, lease: BatchLease) -> BatchState:
    # The lease is given back first: a message that finds the batch held is dropped.
    state = lease.end("running")
    container.queue.hand_on(file.key, etag)
    return state


def _reject(container: Container, file: BatchFile, lease: BatchLease, reason: str) -> BatchState:
    _write_reason(container, file, reason)
    state = lease.end("rejected", removed=("checkpoint", "trouble"), reason=reason, finished_at=now(), tries=0)
    forget_checkpoint(container.batches, file)
    return state


def _write_reason(container: Container, file: BatchFile, reason: str) -> None:
    body = to_json({"batch_id": file.batch_id, "file": file.key, "reason": reason})
    container.batches.write(file.rejected_key, body, "application/json")


def _give_up_at_last(
    container: Container, file: BatchFile, delivery: Delivery, lease: BatchLease | None, error: Exception
) -> None:
    """Give the lease back after an error, with a reason where it was the last try. What fails here changes nothing."""
    last = isinstance(error, GivenUpError) or delivery.receives > container.settings.most_tries
    trouble = str(error) if isinstance(error, TollgateError) else f"an error ({type(error).__name__}); see the log"
    removed = ("checkpoint",) if isinstance(error, WorkLostError) else ()
    with suppress(Exception):
        if last:
            _write_reason(container, file, trouble)
        if lease is None:
            return
        if last:
            lease.end("failed", removed=(*removed, "trouble"), reason=trouble, finished_at=now(), tries=0)
        else:
            lease.end("running", removed=removed, trouble=trouble)
