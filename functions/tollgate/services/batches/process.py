"""Score a file that was dropped in the inbox: once, whatever is repeated, killed or handed on."""

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
from tollgate.services.batches.announce import tell_batch
from tollgate.services.batches.batch_run import Work, open_work
from tollgate.services.batches.checkpoints import forget_checkpoint
from tollgate.services.batches.delivery import Turn
from tollgate.services.batches.lease import Hold, now
from tollgate.services.batches.record import record_rows
from tollgate.services.batches.score import score_rows
from tollgate.services.container import Stores

_log = logging.getLogger(__name__)
_WITHOUT_MESSAGE = Turn()


class HeldError(ConflictError):
    """Another run works on the same message, and has ``for_s`` seconds before that ends without a sign of life."""

    def __init__(self, batch_id: str, for_s: float) -> None:
        super().__init__(f"Batch {batch_id} is still worked on for this message; it comes again.")
        self.for_s = for_s


class GivenUpError(TollgateError):
    """A file that several runs brought no further. It stays in the dead-letter queue until it is put back."""

    code = "given_up"


def score_batch(stores: Stores, key: str, etag: str, turn: Turn = _WITHOUT_MESSAGE) -> BatchState:
    """Score the file at ``key``, and return its state: done, rejected, or running if it was handed on or is elsewhere.

    Of all runs for a file, at the same time or one after the other, each goes on from where the one before it was,
    and one writes the results. Raises `GivenUpError` once that was tried too often, `HeldError` if the same message
    is still worked on, and what storage raises: then the message has to come again.
    """
    file = BatchFile.of(key, etag, stores.settings.detector)
    try:
        hold = Hold.take(stores, file, turn)
    except TollgateError as error:
        _give_up_at_last(stores, file, turn, None, error)
        raise
    if hold is None:
        return _look(stores, file, turn)
    with hold:
        try:
            return _work(stores, file, etag, turn, hold)
        except InputError as error:
            return _reject(stores, file, hold, str(error))
        except Exception as error:
            _give_up_at_last(stores, file, turn, hold, error)
            raise


def _look(stores: Stores, file: BatchFile, turn: Turn) -> BatchState:
    """Return the state of a batch that is done, or that another run holds; raise if the message has to come again."""
    state = stores.states.find(file.batch_id)
    if state is None:
        raise UnavailableError(f"The state of batch {file.batch_id} was not found; try again.")
    if state.status == "failed":
        raise GivenUpError(state.reason or "Given up.")
    if state.lease and state.message == turn.message != "":
        raise HeldError(file.batch_id, max(state.held_until / 1000 - clock.now_s(), 0.0))
    # The message of the run that holds it is still in the queue: this one is not needed.
    return state


def _work(stores: Stores, file: BatchFile, etag: str, turn: Turn, hold: Hold) -> BatchState:
    state = hold.state
    if state.tries > stores.settings.most_tries:
        trouble = state.trouble or "the function was ended before it came further"
        raise GivenUpError(f"Given up after {stores.settings.most_tries} tries: {trouble}")
    if turn.receives > stores.settings.most_tries:
        # Earlier runs came further, and used this message up: the next ones get a new one.
        return _hand_on(stores, file, etag, hold)
    with TemporaryDirectory(prefix="tollgate-") as folder:
        work = open_work(stores, file, hold, Path(folder))
        if not score_rows(stores, file, etag, turn, hold, work):
            return _hand_on(stores, file, etag, hold)
        summary = _publish(stores, file, hold, work)
        if work.version.record_batches and not record_rows(stores, file, turn, hold, work):
            return _hand_on(stores, file, etag, hold)
    numbers = {name: int(summary[name]) for name in ("rows", "scored", "failed")}
    done = hold.end("done", removed=("checkpoint", "trouble"), finished_at=now(), **numbers)
    forget_checkpoint(stores.batches, file)
    tell_batch(stores, summary)
    return done


def _publish(stores: Stores, file: BatchFile, hold: Hold, work: Work) -> dict[str, Any]:
    """Make objects of the results that were sent, then write the summary that names them."""
    for sent in work.checkpoint.sent.values():
        stores.batches.publish(sent, hold.state.run)
    summary = dict(work.checkpoint.summary or {})
    stores.batches.write(file.summary_key, to_json(summary), "application/json")
    return summary


def _hand_on(stores: Stores, file: BatchFile, etag: str, hold: Hold) -> BatchState:
    # The lease is given back first: a message that finds the batch held is dropped.
    state = hold.end("running")
    stores.queue.hand_on(file.key, etag)
    return state


def _reject(stores: Stores, file: BatchFile, hold: Hold, reason: str) -> BatchState:
    _write_reason(stores, file, reason)
    state = hold.end("rejected", removed=("checkpoint", "trouble"), reason=reason, finished_at=now(), tries=0)
    forget_checkpoint(stores.batches, file)
    return state


def _write_reason(stores: Stores, file: BatchFile, reason: str) -> None:
    body = to_json({"batch_id": file.batch_id, "file": file.key, "reason": reason})
    stores.batches.write(file.rejected_key, body, "application/json")


def _give_up_at_last(stores: Stores, file: BatchFile, turn: Turn, hold: Hold | None, error: Exception) -> None:
    """Give the lease back after an error, with a reason where it was the last try. What fails here changes nothing."""
    last = isinstance(error, GivenUpError) or turn.receives > stores.settings.most_tries
    trouble = str(error) if isinstance(error, TollgateError) else f"an error ({type(error).__name__}); see the log"
    removed = ("checkpoint",) if isinstance(error, WorkLostError) else ()
    with suppress(Exception):
        if last:
            _write_reason(stores, file, trouble)
        if hold is None:
            return
        if last:
            hold.end("failed", removed=(*removed, "trouble"), reason=trouble, finished_at=now(), tries=0)
        else:
            hold.end("running", removed=removed, trouble=trouble)
