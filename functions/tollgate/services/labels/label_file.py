"""Label file: the labels of a file under labels/, set once, whatever is repeated."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tollgate.adapters.s3.batch_files import to_json
from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.files.labels import LabelTable, read_label_table, write_label_results
from tollgate.core.files.readers.chunks import ReadOptions
from tollgate.core.files.summary import MAX_SHOWN
from tollgate.errors import InputError
from tollgate.services.batches.size_limit import open_limited
from tollgate.services.container import Container
from tollgate.services.labels.label import STATUSES, label_events

# Rows whose labels are set together. What became of them is noted: a run that repeats one cut short goes on from there.
BATCH_ROWS = 1000
# A label takes a write or more: a file of them is read whole.
MAX_BYTES = 64 << 20
Results = list[tuple[str, str | None]]


def label_file(container: Container, key: str, etag: str) -> dict[str, Any]:
    """Set the labels in the file at ``key``; return its summary, or why it was rejected.

    Each label counts once by itself. Batches that an earlier run finished are not set again, so that a file announced
    twice does not undo a correction that came in between.
    """
    file = BatchFile.of(key, etag, container.settings.detector)
    done = container.batches.read(file.summary_key)
    if done is not None:
        return _found(done)
    try:
        version = container.champion(file.detector)
        labels = _read(container, file, etag, version)
    except InputError as error:
        body = {"batch_id": file.batch_id, "file": file.key, "reason": str(error)}
        container.batches.write(file.rejected_key, to_json(body), "application/json")
        return {**body, "status": "rejected"}
    job = _LabelJob(container, file, version, labels)
    results = [result for start in range(0, len(labels), BATCH_ROWS) for result in job.label(start)]
    return job.write(results)


def _read(container: Container, file: BatchFile, etag: str, version: DetectorVersion) -> LabelTable:
    """Read the whole file before its first label is set: a damaged one changes nothing."""
    source = container.batches.open(file.key, etag)
    try:
        chunks = open_limited(file.filename, source, ReadOptions(version.file_form), max_bytes=MAX_BYTES)
        return read_label_table(version.event_type, chunks)
    finally:
        source.close()


def _found(summary: bytes) -> dict[str, Any]:
    return {**json.loads(summary), "status": "done"}


@dataclass(frozen=True)
class _LabelJob:
    """The labels of a file, set batch by batch."""

    container: Container
    file: BatchFile
    version: DetectorVersion
    labels: LabelTable

    def label(self, start: int) -> Results:
        """Set the labels of the batch of rows that begins at ``start``, or read what an earlier run noted of it."""
        key, batches = self.file.part_key(start // BATCH_ROWS), self.container.batches
        noted = batches.read(key)
        if noted is None:
            results = self._label_rows(range(start, min(start + BATCH_ROWS, len(self.labels))))
            if batches.write_once(key, to_json({"results": results}), "application/json"):
                return results
            noted = batches.read(key)  # another run was faster; of two results the first stays
        return [tuple(result) for result in json.loads(noted or b"{}")["results"]]

    def _label_rows(self, rows: range) -> Results:
        usable = dict(self.labels.rows_between(rows.start, rows.stop))
        answers: Sequence[Mapping[str, Any]] = label_events(
            self.container, list(usable.values()), version=self.version
        )["results"]
        by_row = dict(zip(usable, answers, strict=True))
        return [
            (by_row[row]["status"], by_row[row]["message"])
            if row in by_row
            else ("failed", f"The row {self.labels.misshapen[row]}.")
            for row in rows
        ]

    def write(self, results: Results) -> dict[str, Any]:
        """Write what became of each label, and the summary; return the summary that stands."""
        written = write_label_results(self.labels, results)
        results_key = self.file.results_key(hashlib.sha256(written).hexdigest()[:8])
        counts = Counter(status for status, _ in results)
        bad = [(row, message) for row, (status, message) in enumerate(results) if status == "failed"]
        summary = {
            "batch_id": self.file.batch_id,
            "filename": self.file.filename,
            "results": results_key,
            "detector": self.version.detector,
            "rows": len(results),
            **{status: counts[status] for status in STATUSES},
            "errors": [{"row": row + 1, "message": message} for row, message in bad[:MAX_SHOWN]],
        }
        batches = self.container.batches
        batches.write_once(results_key, written, "text/csv")
        batches.write_once(self.file.summary_key, to_json(summary), "application/json")
        return _found(batches.read(self.file.summary_key) or to_json(summary))
