"""Score the rows of a file, chunk by chunk, with checkpoints on the way."""

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
from tollgate.services.batches.batch_run import Work
from tollgate.services.batches.checkpoints import Checkpoint, forget_checkpoint, save_checkpoint
from tollgate.services.batches.delivery import Turn
from tollgate.services.batches.lease import Hold
from tollgate.services.batches.size_limit import open_within
from tollgate.services.container import Stores


def score_rows(stores: Stores, file: BatchFile, etag: str, turn: Turn, hold: Hold, work: Work) -> bool:
    """Score the rows that are left and return True; False if there is no time for all of them.

    Raises `InputError` where the file cannot be used, `ConflictError` if another run took over, `WorkLostError`
    if another version of Tollgate began with it and its results have other columns.
    """
    if work.checkpoint.summary is not None:
        return True
    settings, source = stores.settings, stores.batches.open(file.key, etag)
    options = ReadOptions(work.version.file_form, settings.piece_rows)
    most_bytes, said = settings.largest_file_bytes, f"{settings.largest_file_bytes / 1e9:g} GB"
    opened = open_within(file.filename, source, options, work.checkpoint.after, most_bytes=most_bytes, said=said)
    uploads = {
        kind: stores.batches.upload(sent, hold.state.run, settings.part_bytes)
        for kind, sent in work.checkpoint.sent.items()
    }
    chunks = _Chunks(source, opened)
    try:
        run = _Run(stores, file, hold, work, source, uploads, chunks)
        while True:
            run.score(min(settings.checkpoint_s, turn.left_s() - settings.hand_on_s))
            if chunks.ended:
                return True
            if turn.left_s() < settings.hand_on_s:
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
class _Run:
    """One run over the rows of a file."""

    stores: Stores
    file: BatchFile
    hold: Hold
    work: Work
    source: S3Source
    uploads: dict[str, ResultUpload]
    chunks: _Chunks
    checkpoints: int = 0

    def score(self, within_s: float) -> None:
        """Score chunks for some time, then make a checkpoint; with the last chunk, end the results."""
        parquet = ParquetResults(self.work.checkpoint.parquet)
        so_far = self.work.checkpoint
        self._tell(so_far)
        for scored in self.work.scoring.score(self.chunks.segment(within_s)):
            self.uploads["csv"].write(scored.csv)
            self.uploads["parquet"].write(self._write(parquet, scored))
            so_far = self._after(so_far, scored)
            self._tell(so_far)
        if self.chunks.ended:
            self.uploads["parquet"].write(parquet.finish())
            so_far = replace(so_far, summary=self._summarise())
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

    def _summarise(self) -> dict[str, Any]:
        sent = self.work.checkpoint.sent
        return {
            **self.work.scoring.summary(),
            "batch_id": self.file.batch_id,
            "filename": self.file.filename,
            "results": sent["csv"].key,
            "results_parquet": sent["parquet"].key,
        }

    def _keep(self, checkpoint: Checkpoint) -> None:
        left = []
        if checkpoint.summary is None or self.work.version.record_batches:
            self.work.scoring.save()
            left = sorted(self.work.folder.iterdir())
        former, name = self.hold.checkpoint, f"{self.hold.state.run:04d}-{self.checkpoints:04d}"
        save_checkpoint(self.stores.batches, self.file, name, checkpoint, left)
        self.hold.keep(name)
        self.checkpoints += 1
        self.work.checkpoint = checkpoint
        if former is not None:
            forget_checkpoint(self.stores.batches, self.file, former)

    def _tell(self, so_far: Checkpoint) -> None:
        read = so_far.bytes
        self.hold.tell(
            phase="scoring",
            rows=so_far.rows,
            failed=so_far.failed,
            rows_total=round(so_far.rows * self.source.size_bytes / read) if read else None,
            rows_total_estimated=True,
            bytes=read,
            size_bytes=self.source.size_bytes,
            recorded=0,
            started_at=self.hold.state.started_at,
        )
