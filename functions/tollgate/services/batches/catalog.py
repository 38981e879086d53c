"""Catalog of batches: announce one, list them, look at one, and list the files of the inbox."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tollgate.adapters.dynamodb.batches import BatchState
from tollgate.adapters.s3.batch_files import UPLOAD_EXPIRES_S, BatchStore
from tollgate.adapters.s3.batch_names import BatchFile, is_marker
from tollgate.core.events.reader import require_id
from tollgate.core.files.readers.suffixes import SUFFIXES
from tollgate.core.times.timestamps import write_utc
from tollgate.errors import InputError, NotFoundError
from tollgate.services.batches.lease import now
from tollgate.services.container import Container

_LISTED = ("batch_id", "detector", "filename", "status", "created_at", "finished_at", "rows", "scored", "failed")
MAX_FILES = 100
# S3 lists by key, not by time: of a larger inbox, the files behind these pages are not looked at.
_MAX_PAGES = 5


def announce_batch(container: Container, filename: str, detector: str | None = None) -> dict[str, Any]:
    """Return where to put a file of payments; it is scored as soon as it is there."""
    if "/" in filename or not filename.isprintable() or not 0 < len(filename) <= 200:
        raise InputError("filename has to be 1 to 200 printable characters without a slash.")
    if not filename.lower().endswith(SUFFIXES):
        raise InputError(f'"{filename}" is not one of {", ".join(SUFFIXES)}; convert it to one of these first.')
    version = container.champion(detector)
    require_id(version.event_type)
    if is_marker(f"inbox/{filename}"):
        raise InputError(f'"{filename}" would be passed over as a hidden file: take the dot off its beginning.')
    file = BatchFile.announce(version.detector, filename)
    container.states.announce(file, now())
    upload = {"url": container.batches.presign_upload(file.key), "method": "PUT", "headers": {}}
    return {"batch_id": file.batch_id, "key": file.key, "upload": upload, "expires_in_s": UPLOAD_EXPIRES_S}


def list_batches(container: Container, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return batches, newest first."""
    states, following = container.states.page(limit, cursor)
    return {"batches": [_listed(state) for state in states], "cursor": following}


def show_batch(container: Container, batch_id: str) -> dict[str, Any]:
    """Return how far a batch is, and when it is done its summary and where to get the results."""
    state = container.states.find(batch_id)
    if state is None:
        raise NotFoundError(f'There is no batch "{batch_id}".')
    summary, downloads = _results(container.batches, state) if state.status == "done" else (None, None)
    progress = state.progress if state.status == "running" and state.progress and "phase" in state.progress else None
    return {
        **_listed(state), "reason": state.reason, "progress": progress, "summary": summary, "downloads": downloads,
    }  # fmt: skip


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


def _listed(state: BatchState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in _LISTED}


def _results(batches: BatchStore, state: BatchState) -> tuple[Mapping[str, Any], dict[str, str]]:
    file = BatchFile(state.object, state.detector, state.batch_id, state.filename)
    content = batches.read(file.summary_key)
    if content is None:
        raise NotFoundError(f'The results of batch "{state.batch_id}" are no longer kept.')
    summary = json.loads(content)
    keys = {name: summary[name] for name in ("results", "results_parquet") if name in summary}
    keys["summary"] = file.summary_key
    return summary, {name: batches.presign_download(key) for name, key in keys.items()}
