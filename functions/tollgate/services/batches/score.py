"""Scoring of a batch: a run over its rows, chunk by chunk, with checkpoints on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tollgate import clock
from tollgate.adapters.s3.source import S3Source
from tollgate.adapters.s3.upload import ResultUpload, SentResults, WorkLostError
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.reader import require_id
from tollgate.core.files.parquet_writer import OtherColumnsError, ParquetResults
from tollgate.core.files.readers.chunks import Chunk, ReadOptions
from tollgate.core.files.scoring import FileScoring, ScoredChunk
from tollgate.core.history.stored import StoredHistories
from tollgate.services.batches.checkpoints import Checkpoint, forget_checkpoint, load_checkpoint, save_checkpoint
from tollgate.services.batches.lease import BatchJob, BatchLease
from tollgate.services.batches.size_limit import open_limited

_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}


@dataclass
class BatchRun:
    """One run over a file, under a lease, with the detector version that decides.

    ``folder`` is where the core keeps the texts of keys; ``checkpoint`` moves on while rows are scored.
    """

    job: BatchJob
    lease: BatchLease
    version: DetectorVersion
    scoring: FileScoring
    folder: Path
    checkpoint: Checkpoint


def open_run(job: BatchJob, lease: BatchLease, folder: Path) -> BatchRun:
    """Resume a file from its last checkpoint, or begin it with the version that decides now.

    "Now" is when the first run began, whichever this is: all runs decide alike on what lies ahead of the clock. Raises
    `InputError` if there is no such detector or its events have no id, `WorkLostError` if what was noted is gone.
    """
    container, file, name = job.container, job.file, lease.state.checkpoint
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
    return BatchRun(job, lease, version, scoring, folder, checkpoint)


def _began_at(lease: BatchLease) -> datetime:
    began = lease.state.started_at
    return clock.now() if began is None else datetime.fromisoformat(began)


def score_rows(run: BatchRun) -> bool:
    """Score the rows that are left and return True; False if there is no time for all of them.

    Raises `InputError` where the file cannot be used, `ConflictError` if another run took over, `WorkLostError`
    if another version of Tollgate began with it and its results have other columns.
    """
    if run.checkpoint.summary is not None:
        return True
    container, file, delivery = run.job.container, run.job.file, run.job.delivery
    settings, source = container.settings, container.batches.open(file.key, run.job.etag)
    options = ReadOptions(run.version.file_form, settings.piece_rows)
    opened = open_limited(file.filename, source, options, run.checkpoint.after, max_bytes=settings.largest_file_bytes)
    uploads = {
        kind: container.batches.upload(sent, run.lease.state.run, settings.part_bytes)
        for kind, sent in run.checkpoint.sent.items()
    }
    chunks = _Chunks(source, opened)
    try:
        scorer = _RowScorer(run, source, uploads, chunks)
        while True:
            scorer.score(min(settings.checkpoint_s, delivery.left_s() - settings.hand_on_s))
            if chunks.ended:
                return True
            if delivery.left_s() < settings.hand_on_s:
                return False
    finally:
        source.close()
        for upload in uploads.values():
            upload.close()


@dataclass
class _Chunks:
    """The chunks of a file, in segments that end when their time is over; each has one chunk at least."""

    source: S3Source
    chunks: Iterator[Chunk]
    ended: bool = False
    # By number of first row: how far the file was read when the chunk was. Chunks are read ahead.
    places: dict[int, int] = field(default_factory=dict)

    def segment(self, within_s: float) -> Iterator[Chunk]:
        ends_s = time.monotonic() + within_s
        for chunk in self.chunks:
            self.places[chunk.first_row] = self.source.place
            yield chunk
            if time.monotonic() >= ends_s:
                return
        self.ended = True


@dataclass
class _RowScorer:
    """Scores the chunks of a file, sends the results, and makes checkpoints."""

    run: BatchRun
    source: S3Source
    uploads: dict[str, ResultUpload]
    chunks: _Chunks
    checkpoints: int = 0

    def score(self, within_s: float) -> None:
        """Score chunks for some time, then make a checkpoint; with the last chunk, end the results."""
        parquet = ParquetResults(self.run.checkpoint.parquet)
        so_far = self.run.checkpoint
        self._report(so_far)
        for scored in self.run.scoring.score(self.chunks.segment(within_s)):
            self.uploads["csv"].write(scored.csv)
            self.uploads["parquet"].write(self._write(parquet, scored))
            so_far = self._after(so_far, scored)
            self._report(so_far)
        if self.chunks.ended:
            self.uploads["parquet"].write(parquet.finish())
            so_far = replace(so_far, summary=self._summarize())
        else:
            so_far = replace(so_far, parquet=parquet.pause())
        self._keep(replace(so_far, sent={kind: upload.sent() for kind, upload in self.uploads.items()}))

    def _write(self, parquet: ParquetResults, scored: ScoredChunk) -> bytes:
        try:
            return parquet.write(scored.table)
        except OtherColumnsError:
            raise WorkLostError(
                f"Batch {self.run.job.file.batch_id} was begun by another version of Tollgate, whose results have "
                "other columns; it starts over."
            ) from None

    def _after(self, so_far: Checkpoint, scored: ScoredChunk) -> Checkpoint:
        return replace(
            so_far,
            after=scored.after,
            rows=so_far.rows + scored.rows,
            failed=so_far.failed + scored.failed,
            bytes=max(so_far.bytes, self.chunks.places.pop(scored.first_row)),
        )

    def _summarize(self) -> dict[str, Any]:
        sent, file = self.run.checkpoint.sent, self.run.job.file
        return {
            **self.run.scoring.summary(),
            "batch_id": file.batch_id,
            "filename": file.filename,
            "results": sent["csv"].key,
            "results_parquet": sent["parquet"].key,
        }

    def _keep(self, checkpoint: Checkpoint) -> None:
        run, lease, left = self.run, self.run.lease, []
        batches, file = run.job.container.batches, run.job.file
        if checkpoint.summary is None or run.version.record_batches:
            run.scoring.save()
            left = sorted(run.folder.iterdir())
        former, name = lease.checkpoint, f"{lease.state.run:04d}-{self.checkpoints:04d}"
        save_checkpoint(batches, file, name, checkpoint, left)
        lease.keep(name)
        self.checkpoints += 1
        run.checkpoint = checkpoint
        if former is not None:
            forget_checkpoint(batches, file, former)

    def _report(self, so_far: Checkpoint) -> None:
        read = so_far.bytes
        self.run.lease.report(
            phase="scoring",
            rows=so_far.rows,
            failed=so_far.failed,
            rows_total=round(so_far.rows * self.source.size_bytes / read) if read else None,
            rows_total_estimated=True,
            bytes=read,
            size_bytes=self.source.size_bytes,
            recorded=0,
            started_at=self.run.lease.state.started_at,
        )
