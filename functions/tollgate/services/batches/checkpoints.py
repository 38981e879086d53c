"""Checkpoints of a batch in S3, from which a further run can go on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tollgate.adapters.s3.batch_files import BatchStore, to_json
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.adapters.s3.upload import SentResults, WorkLostError
from tollgate.core.files.parquet_writer import ParquetSoFar
from tollgate.core.files.readers.chunks import Position

_RUN, _FOOTER, _CORE = "run.json", "parquet.footer", "core/"
_WORKERS = 4


@dataclass(frozen=True)
class Checkpoint:
    """How far a file is: everything before ``after`` is in the results that were ``sent``, and nothing else is.

    ``sent`` maps kinds of results to what was sent of them; ``summary`` is there once all rows are scored. ``version``
    names the detector version, ``bytes`` and ``rows`` what was read, of which ``failed`` could not be used.
    """

    version: str
    sent: Mapping[str, SentResults]
    parquet: ParquetSoFar = field(default_factory=ParquetSoFar)
    after: Position = field(default_factory=Position)
    rows: int = 0
    failed: int = 0
    bytes: int = 0
    summary: Mapping[str, Any] | None = None


def save_checkpoint(
    batches: BatchStore, file: BatchFile, name: str, checkpoint: Checkpoint, left: Iterable[Path]
) -> None:
    """Write a checkpoint and the files that the core ``left``; it counts once the batch's state names it."""
    blobs = {f"{kind}.tail": sent.tail for kind, sent in checkpoint.sent.items()}
    blobs |= {_FOOTER: checkpoint.parquet.footer, _RUN: to_json(_to_json(checkpoint))}
    with ThreadPoolExecutor(_WORKERS) as pool:
        written = [
            pool.submit(batches.write, file.work_key(name, blob), content, "application/octet-stream")
            for blob, content in blobs.items()
        ]
        written += [pool.submit(batches.write_file, file.work_key(name, _CORE + path.name), path) for path in left]
        for one in written:
            one.result()


def load_checkpoint(batches: BatchStore, file: BatchFile, name: str, folder: Path) -> Checkpoint:
    """Read a checkpoint, and what the core left into ``folder``; raise `WorkLostError` if it is not whole."""

    def read(blob: str) -> bytes:
        content = batches.read(file.work_key(name, blob))
        if content is None:
            raise WorkLostError(f"What was noted of batch {file.batch_id} is gone; it begins anew.")
        return content

    plain = json.loads(read(_RUN))
    for key in batches.keys(file.work_key(name, _CORE)):
        batches.read_file(key, folder / key.rsplit("/", 1)[1])
    return Checkpoint(
        version=plain["version"],
        sent={kind: SentResults.from_json(sent, read(f"{kind}.tail")) for kind, sent in plain["sent"].items()},
        parquet=ParquetSoFar(plain["parquet_bytes"], read(_FOOTER)),
        after=Position.from_json(plain["after"]),
        rows=plain["rows"],
        failed=plain["failed"],
        bytes=plain["bytes"],
        summary=plain["summary"],
    )


def forget_checkpoint(batches: BatchStore, file: BatchFile, name: str = "") -> None:
    """Delete one checkpoint of a batch, or all."""
    batches.delete(batches.keys(file.work_key(name, "") if name else file.work_folder))


def _to_json(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "version": checkpoint.version,
        "sent": {kind: sent.to_json() for kind, sent in checkpoint.sent.items()},
        "parquet_bytes": checkpoint.parquet.size_bytes,
        "after": checkpoint.after.to_json(),
        "rows": checkpoint.rows,
        "failed": checkpoint.failed,
        "bytes": checkpoint.bytes,
        "summary": checkpoint.summary,
    }
