"""Processing of a file from the inbox: scored, recorded and announced once, even where runs are repeated or killed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tollgate import clock
from tollgate.adapters.dynamodb.batches import BatchState
from tollgate.adapters.dynamodb.histories import BATCH_KEYS, history_key
from tollgate.adapters.s3.batch_files import to_json
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.adapters.s3.upload import WorkLostError
from tollgate.core.decisions.metrics import DETECTOR, EVENTS_AHEAD, Metric
from tollgate.errors import ConflictError, InputError, TollgateError, UnavailableError
from tollgate.services.batches.checkpoints import forget_checkpoint
from tollgate.services.batches.lease import BatchJob, BatchLease, Delivery, now
from tollgate.services.batches.score import BatchRun, open_run, score_rows
from tollgate.services.container import Container

SCORED = "File scored"
_PUBLISHED_FIELDS = (
    "batch_id",
    "detector",
    "detector_version",
    "results",
    "rows",
    "scored",
    "failed",
    "outcomes",
    "rules",
)
_WITHOUT_MESSAGE = Delivery()


class LeaseHeldError(ConflictError):
    """Another run works on the same message; its lease ends in ``for_s`` seconds unless it is renewed."""

    def __init__(self, batch_id: str, for_s: float) -> None:
        super().__init__(f"Batch {batch_id} is still worked on for this message; it comes again.")
        self.for_s = for_s


class GivenUpError(TollgateError):
    """A file on which several runs made no progress. It stays in the dead-letter queue until it is put back."""

    code = "given_up"


def score_batch(container: Container, key: str, etag: str, delivery: Delivery = _WITHOUT_MESSAGE) -> BatchState:
    """Score the file at ``key``, and return its state: done, rejected, or running if it was handed on or is elsewhere.

    Of all runs for a file, at the same time or one after the other, each goes on from where the one before it was,
    and one writes the results. Raises `GivenUpError` once that was tried too often, `LeaseHeldError` if the same
    message is still worked on, and what storage raises: then the message has to come again.
    """
    job = BatchJob(container, BatchFile.of(key, etag, container.settings.detector), etag, delivery)
    try:
        lease = BatchLease.take(job)
    except TollgateError as error:
        _give_up_at_last(job, None, error)
        raise
    if lease is None:
        return _look(job)
    with lease:
        try:
            return _run(job, lease)
        except InputError as error:
            return _reject(job, lease, str(error))
        except Exception as error:
            _give_up_at_last(job, lease, error)
            raise


def _look(job: BatchJob) -> BatchState:
    """Return the state of a batch that is done, or that another run holds; raise if the message has to come again."""
    batch_id = job.file.batch_id
    state = job.container.states.find(batch_id)
    if state is None:
        raise UnavailableError(f"The state of batch {batch_id} was not found; try again.")
    if state.status == "failed":
        raise GivenUpError(state.reason or "Given up.")
    if state.lease and state.message == job.delivery.message != "":
        raise LeaseHeldError(batch_id, max(state.held_until / 1000 - clock.now_s(), 0.0))
    # The message of the run that holds it is still in the queue: this one is not needed.
    return state


def _run(job: BatchJob, lease: BatchLease) -> BatchState:
    state, max_tries = lease.state, job.container.settings.most_tries
    if state.tries > max_tries:
        trouble = state.trouble or "the function was ended before it came further"
        raise GivenUpError(f"Given up after {max_tries} tries: {trouble}")
    if job.delivery.receives > max_tries:
        # Earlier runs came further, and used this message up: the next ones get a new one.
        return _hand_on(job, lease)
    with TemporaryDirectory(prefix="tollgate-") as folder:
        run = open_run(job, lease, Path(folder))
        if not score_rows(run):
            return _hand_on(job, lease)
        summary = _publish(run)
        if run.version.record_batches and not _record_rows(run):
            return _hand_on(job, lease)
    numbers = {name: int(summary[name]) for name in ("rows", "scored", "failed")}
    done = lease.end("done", removed=("checkpoint", "trouble"), finished_at=now(), **numbers)
    forget_checkpoint(job.container.batches, job.file)
    _announce(job.container, summary)
    return done


def _publish(run: BatchRun) -> dict[str, Any]:
    """Make objects of the results that were sent, then write the summary that names them."""
    batches = run.job.container.batches
    for sent in run.checkpoint.sent.values():
        batches.publish(sent, run.lease.state.run)
    summary = dict(run.checkpoint.summary or {})
    batches.write(run.job.file.summary_key, to_json(summary), "application/json")
    return summary


def _record_rows(run: BatchRun) -> bool:
    """Add what is left to the histories exactly once and return True; False if there is no time for all of it.

    What is added follows from the last checkpoint alone, so that each run adds the same batches in the same order.
    """
    container, lease = run.job.container, run.lease
    version, scoring = run.version, run.scoring
    expires_s = max(clock.now_s(), scoring.latest_s) + version.history.forgotten_after_s
    additions = ((history_key(version.history_space, entity, key), sums) for entity, key, sums in scoring.additions())
    first_batch = int(lease.progress.get("recorded", 0)) // BATCH_KEYS
    batches = container.histories.add_in_batches(
        f"{version.history_space}#recorded#{run.job.file.batch_id}", additions, expires_s, first_batch=first_batch
    )
    noted_s = time.monotonic()
    with closing(batches):
        for done in batches:
            lease.report(phase="recording", recorded=done * BATCH_KEYS)
            if time.monotonic() - noted_s >= container.settings.checkpoint_s:
                lease.keep(lease.checkpoint or "")
                noted_s = time.monotonic()
            if run.job.delivery.left_s() < container.settings.hand_on_s:
                return False
    return True


def _announce(container: Container, summary: Mapping[str, Any]) -> None:
    """Count the rows of a scored file, and put one event for the file on the bus."""
    dimensions = ((DETECTOR, str(summary["detector"])),)
    metrics = [
        Metric("FileScored", dimensions),
        Metric("FileRowsScored", dimensions, float(summary["scored"])),
        Metric("FileRowsFailed", dimensions, float(summary["failed"])),
    ]
    if ahead := summary.get("ahead"):  # a file begun by older code has none
        metrics.append(Metric(EVENTS_AHEAD, dimensions, float(ahead)))
    if not container.events.put(SCORED, {name: summary[name] for name in _PUBLISHED_FIELDS}):
        metrics.append(Metric("EventNotPut", dimensions))
    container.metrics.write(metrics)


def _hand_on(job: BatchJob, lease: BatchLease) -> BatchState:
    # The lease is given back first: a message that finds the batch held is dropped.
    state = lease.end("running")
    job.container.queue.hand_on(job.file.key, job.etag)
    return state


def _reject(job: BatchJob, lease: BatchLease, reason: str) -> BatchState:
    _write_reason(job, reason)
    state = lease.end("rejected", removed=("checkpoint", "trouble"), reason=reason, finished_at=now(), tries=0)
    forget_checkpoint(job.container.batches, job.file)
    return state


def _write_reason(job: BatchJob, reason: str) -> None:
    body = to_json({"batch_id": job.file.batch_id, "file": job.file.key, "reason": reason})
    job.container.batches.write(job.file.rejected_key, body, "application/json")


def _give_up_at_last(job: BatchJob, lease: BatchLease | None, error: Exception) -> None:
    """Give the lease back after an error, with a reason where it was the last try. What fails here changes nothing."""
    last = isinstance(error, GivenUpError) or job.delivery.receives > job.container.settings.most_tries
    trouble = str(error) if isinstance(error, TollgateError) else f"an error ({type(error).__name__}); see the log"
    removed = ("checkpoint",) if isinstance(error, WorkLostError) else ()
    with suppress(Exception):
        if last:
            _write_reason(job, trouble)
        if lease is None:
            return
        if last:
            lease.end("failed", removed=(*removed, "trouble"), reason=trouble, finished_at=now(), tries=0)
        else:
            lease.end("running", removed=removed, trouble=trouble)
