"""Listing of the inbox: its files, and the state of each."""

from __future__ import annotations

from typing import Any

from tollgate.adapters.s3.batch_names import BatchFile
from tollgate.core.times.timestamps import write_utc
from tollgate.services.container import Container

MAX_FILES = 100
# S3 lists by key, not by time: of a larger inbox, the files behind these pages are not looked at.
_MAX_PAGES = 5


def list_inbox(container: Container) -> dict[str, Any]:
    """Return the files that were put into the inbox last, newest first, each with the batch that it is or will be."""
    objects, whole = container.batches.inbox(_MAX_PAGES)
    newest = sorted(objects, key=lambda one: (one.put_at, one.key), reverse=True)[:MAX_FILES]
    files = [BatchFile.of(one.key, one.etag, container.settings.detector) for one in newest]
    states = container.states.look([file.batch_id for file in files])
    listed = [
        {
            "key": file.key,
            "filename": file.filename,
            "detector": file.detector,
            "batch_id": file.batch_id,
            "size_bytes": one.size_bytes,
            "put_at": write_utc(one.put_at),
            # Announced is not begun: the file is there now.
            "status": "queued" if state is None or state.status == "waiting" else state.status,
        }
        for one, file in zip(newest, files, strict=True)
        for state in [states.get(file.batch_id)]
    ]
    return {"files": listed, "complete": whole and len(objects) <= MAX_FILES}
