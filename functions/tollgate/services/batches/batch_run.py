"""Batch run: a file's detector version, the state of its scoring, and its checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tollgate import clock
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.adapters.s3.upload import SentResults
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.reader import require_id
from tollgate.core.files.scoring import FileScoring
from tollgate.core.history.stored import StoredHistories
from tollgate.services.batches.checkpoints import Checkpoint, load_checkpoint
from tollgate.services.batches.lease import BatchLease
from tollgate.services.container import Container

_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


@dataclass
class BatchRun:
    """``folder`` is where the core keeps the texts of keys; ``checkpoint`` moves on while rows are scored."""

    version: DetectorVersion
    scoring: FileScoring
    folder: Path
    checkpoint: Checkpoint


def open_run(container: Container, file: BatchFile, lease: BatchLease, folder: Path) -> BatchRun:
    """Take up a file where the last run noted that it can be gone on with, or begin with the version that decides now.

    "Now" is when the first run began, whichever this is: all runs decide alike on what lies ahead of the clock. Raises
    `InputError` if there is no such detector or its events have no id, `WorkLostError` if what was noted is gone.
    """
    name = lease.state.checkpoint
    if name is None:
        version = container.champion(file.detector)
        require_id(version.event_type)
        sent = {kind: SentResults(file.results_key(lease.state.mark, kind), type_) for kind, type_ in _TYPES.items()}
        checkpoint = Checkpoint(version.version, sent)
    else:
        checkpoint = load_checkpoint(container.batches, file, name, folder)
        version = container.versions.pinned(file.detector, checkpoint.version)

    def read_stored(keys: Mapping[str, Sequence[str]]) -> StoredHistories:
        return container.histories.read_keys(version, keys)

    begin = FileScoring if name is None or not any(folder.iterdir()) else FileScoring.restore
    limit = version.skew_limit(_began_at(lease))
    scoring = begin(version, folder, read_stored, limit, memory_bytes=container.settings.histories_bytes)
    return BatchRun(version, scoring, folder, checkpoint)


def _began_at(lease: BatchLease) -> datetime:
    began = lease.state.started_at
    return clock.now() if began is None else datetime.fromisoformat(began)
