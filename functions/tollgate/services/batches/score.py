"""Scoring of a batch's rows, chunk by chunk, with checkpoints on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.adapters.s3.source import S3Source
from tollgate.adapters.s3.upload import ResultUpload, WorkLostError
from tollgate.core.files.parquet_writer import OtherColumnsError, ParquetResults
from tollgate.core.files.readers.chunks import Chunk, ReadOptions
from tollgate.core.files.scoring import ScoredChunk
from tollgate.services.batches.batch_run import BatchRun
from tollgate.services.batches.checkpoints import Checkpoint, forget_checkpoint, save_checkpoint
from tollgate.services.batches.delivery import Delivery
from tollgate.services.batches.lease import BatchLease
from tollgate.services.batches.size_limit import open_within
from tollgate.services.container import Container


def score_rows(
    container: Container, file: BatchFile, etag: str, delivery: Delivery, lease: BatchLease, run: BatchRun
) -> bool:
    """Score the rows that are left and return True; False if there is no time for all of them.

    Raises `InputError` where the file cannot be used, `ConflictError` if another run took over, `WorkLostError`
    if another version of Tollgate began with it and its results have other columns.
    """
    if run.checkpoint.summary is not None:
        return True
    settings, source = container.settings, container.batches.open(file.key, etag)
    options = ReadOptions(run.version.file_form, settings.piece_rows)
    most_bytes, said = settings.largest_file_bytes, f"{settings.largest_file_bytes / 1e9:g} GB"
    opened = open_within(file.filename, source, options, run.checkpoint.after, most_bytes=most_bytes, said=said)
    uploads = {
        kind: container.batches.upload(sent, lease.state.run, settings.part_bytes)
        for kind, sent in run.checkpoint.sent.items()
    }
    chunks = _Chunks(source, opened)
    try:
        scorer = _RowScorer(container, file, lease, run, source, uploads, chunks)
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
    """One run over the rows of a file."""

    container: Container
    file: BatchFile
    lease: BatchLease
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
                f"Batch {self.file.batch_id} was begun by another version of Tollgate, whose results have other "
                "columns; it begins anew."
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
        sent = self.run.checkpoint.sent
        return {
            **self.run.scoring.summary(),
            "batch_id": self.file.batch_id,
            "filename": self.file.filename,
            "results": sent["csv"].key,
            "results_parquet": sent["parquet"].key,
        }

    def _keep(self, checkpoint: Checkpoint) -> None:
        left = []
        if checkpoint.summary is None or self.run.version.record_batches:
            self.run.scoring.save()
            left = sorted(self.run.folder.iterdir())
        former, name = self.lease.checkpoint, f"{self.lease.state.run:04d}-{self.checkpoints:04d}"
        save_checkpoint(self.container.batches, self.file, name, checkpoint, left)
        self.lease.keep(name)
        self.checkpoints += 1
        self.run.checkpoint = checkpoint
        if former is not None:
            forget_checkpoint(self.container.batches, self.file, former)

    def _report(self, so_far: Checkpoint) -> None:
        read = so_far.bytes
        self.lease.report(
            phase="scoring",
            rows=so_far.rows,
            failed=so_far.failed,
            rows_total=round(so_far.rows * self.source.size_bytes / read) if read else None,
            rows_total_estimated=True,
            bytes=read,
            size_bytes=self.source.size_bytes,
            recorded=0,
            started_at=self.lease.state.started_at,
        )
