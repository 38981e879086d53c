"""Lease on a batch, renewed by a thread while a message about it is worked on."""

from __future__ import annotations

import logging
import math
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self, Unpack

from tollgate import clock
from tollgate.adapters.dynamodb.batches import BatchProgress, BatchState, Lease
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.core.times.timestamps import write_utc
from tollgate.errors import ConflictError, TollgateError
from tollgate.observability import describe_error
from tollgate.services.container import Container

_log = logging.getLogger(__name__)


def _nothing(_seconds: float) -> None:
    """There is no message to put off."""


@dataclass(frozen=True)
class Delivery:
    """Delivery of a message to a function: the time left to work, and when the message comes again.

    ``ends_s`` is when the function is ended, on the monotonic clock; ``receives`` how often the message came.

    ``retry_after`` puts off when the message comes again, in seconds from now. A delivery without a message, as a
    caller in Python has it, has no end, and nothing comes again.
    """

    message: str = ""
    receives: int = 1
    ends_s: float = math.inf
    retry_after: Callable[[float], None] = _nothing

    def left_s(self) -> float:
        """Return the seconds until the function is ended."""
        return self.ends_s - time.monotonic()


@dataclass(frozen=True)
class BatchJob:
    """A file to be scored, in the content that has this ETag, for one delivery of a message."""

    container: Container
    file: BatchFile
    etag: str
    delivery: Delivery


class BatchLease:
    """The lease of one run, renewed every few seconds by a thread of its own while a ``with`` block lasts.

    A chunk may take longer than a lease, where storage is slow; that no run is lost for being slow is what the thread
    is for. ``state`` is what the batch was like when it was taken, ``checkpoint`` names the one that counts now.
    """

    def __init__(self, job: BatchJob, lease: Lease, state: BatchState) -> None:
        self.state = state
        self.checkpoint = state.checkpoint
        self._states = job.container.states
        self._settings = job.container.settings
        self._delivery = job.delivery
        self._lease = lease
        self._progress: BatchProgress = state.progress or {}
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_ended, name="lease", daemon=True)

    @classmethod
    def take(cls, job: BatchJob) -> BatchLease | None:
        """Take the lease of a batch; None if another run has it, or the batch is done."""
        now_s, container = clock.now_s(), job.container
        until_s = now_s + container.settings.lease_s
        lease = Lease(job.file.batch_id, secrets.token_hex(8), job.delivery.message, until_s)
        state = container.states.take(job.file, lease, secrets.token_hex(4), now(), now_s)
        return cls(job, lease, state) if state else None

    def __enter__(self) -> Self:
        """Begin to renew the lease."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop renewing: a function that is frozen after its answer must not wake up to renew a lease."""
        self._ended.set()
        self._thread.join()

    @property
    def progress(self) -> BatchProgress:
        """How far the run is, or the one before it was."""
        return self._progress

    def report(self, **progress: Unpack[BatchProgress]) -> None:
        """Note how far the run is, to be written with the next renewal; raise `ConflictError` if the lease is lost."""
        self._progress = {**self._progress, **progress}
        self._check(held=not self._lost.is_set())

    def keep(self, checkpoint: str) -> None:
        """Make a checkpoint the one to resume from; raise `ConflictError` if the lease is lost."""
        self._check(held=self._states.keep(self._lease, checkpoint, self._heartbeat()))
        self.checkpoint = checkpoint

    def end(self, status: str, *, removed: tuple[str, ...] = (), **more: str | int) -> BatchState:
        """Give the lease back and say how it ended; raise `ConflictError` if the lease is lost."""
        state = self._states.end(self._lease, status, self._heartbeat(), removed, **more)
        self._check(held=state is not None)
        assert state is not None
        return state

    def _check(self, *, held: bool) -> None:
        if not held:
            self._lost.set()
            raise ConflictError(f"Another run has taken over batch {self._lease.batch_id}; it goes on there.")

    def _heartbeat(self) -> BatchProgress:
        return {**self._progress, "heartbeat_at": now()}

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(self._settings.heartbeat_s):
            try:
                renewed = replace(self._lease, until_s=clock.now_s() + self._settings.lease_s)
                if not self._states.renew(renewed, self._heartbeat()):
                    self._lost.set()
                    return
                # Later than the lease ends: should this run die, the message finds the batch free.
                self._delivery.retry_after(self._settings.lease_s + self._settings.heartbeat_s)
            except TollgateError as error:
                # The lease lasts for several renewals; and when it is lost, nothing is written any more.
                _log.warning("Batch %s: not renewed: %s", self._lease.batch_id, describe_error(error))


def now() -> str:
    """Return the time as the API writes it."""
    return write_utc(clock.now(), "milliseconds")
