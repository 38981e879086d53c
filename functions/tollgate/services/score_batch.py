"""Score a file that was dropped in the inbox: once, whatever is repeated."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from tollgate.adapters.batches import BatchFile, to_json
from tollgate.adapters.histories import history_key
from tollgate.core.scored_file import ReadFile, read_event_file, score_file
from tollgate.core.table_files import read_file
from tollgate.core.totals import totals
from tollgate.core.version import DetectorVersion
from tollgate.errors import InputError
from tollgate.services.stores import Stores
from tollgate.services.tell_batch import tell_batch


def score_batch(stores: Stores, key: str, etag: str) -> dict[str, Any]:
    """Score the file at ``key`` and return its final state.

    A file that cannot be used is rejected with a reason. The first results stay: whoever comes later finds them, so
    a notice that is repeated, or two at the same time, give one result to the byte.
    """
    file = BatchFile.of(key, etag, stores.settings.detector)
    state = stores.batches.find(file.batch_id)
    if state and state["status"] == "done":
        return state  # a rejected file is looked at again: its detector may have been published since
    stores.batches.set_state(file, _now(), "running")
    try:
        version = stores.champion(file.detector)
        content = stores.batches.read(key, stores.settings.largest_file_bytes)
        if content is None:
            raise InputError("The file was removed from the inbox before it was read; drop it again.")
        table = read_file(file.filename, content, stores.settings.largest_file_bytes)
        read = read_event_file(version, table)
    except InputError as error:
        return _reject(stores, file, str(error))
    summary = _write_results(stores, file, version, read)
    if version.record_batches:
        _record(stores, file, version, read, summary["results"])
    numbers = {name: int(summary[name]) for name in ("rows", "scored", "failed")}
    stores.batches.set_state(file, _now(), "done", reason=None, finished_at=_now(), **numbers)
    tell_batch(stores, summary)
    return stores.batches.find(file.batch_id) or {}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reject(stores: Stores, file: BatchFile, reason: str) -> dict[str, Any]:
    body = to_json({"batch_id": file.batch_id, "file": file.key, "reason": reason})
    stores.batches.write(file.rejected_key, body, "application/json")
    stores.batches.set_state(file, _now(), "rejected", reason=reason, finished_at=_now())
    return stores.batches.find(file.batch_id) or {}


def _write_results(stores: Stores, file: BatchFile, version: DetectorVersion, read: ReadFile) -> Mapping[str, Any]:
    """Write results and summary, or return the summary that is there already.

    The results carry their content in their name and the summary names them: writing the summary is what counts, and
    of several runs at the same time the first one's summary, with its own results, stays.
    """
    existing = stores.batches.read(file.summary_key)
    if existing is not None:
        found: Mapping[str, Any] = json.loads(existing)
        return found
    scored = score_file(version, read, stores.histories.read(version, read.events))
    results_key = file.results_key(scored.results)
    summary = {**scored.summary, "batch_id": file.batch_id, "filename": file.filename, "results": results_key}
    stores.batches.write_once(results_key, scored.results, "text/csv")
    if version.record_batches:
        stores.batches.write_once(
            _excess_key(results_key), to_json({"excess": list(scored.excess.items())}), "application/json"
        )
    if stores.batches.write_once(file.summary_key, to_json(summary), "application/json"):
        return summary
    return _write_results(stores, file, version, read)


def _excess_key(results_key: str) -> str:
    return f"{results_key}.excess.json"


def _record(stores: Stores, file: BatchFile, version: DetectorVersion, read: ReadFile, results_key: str) -> None:
    """Add a file's events to the histories, exactly once: what is added follows from the file and its results."""
    noted = stores.batches.read(_excess_key(results_key))
    if not read.rows:
        return
    excess = np.zeros(len(read.events))
    for place, value in json.loads(noted)["excess"] if noted else ():
        excess[place] = value
    expires_s = max([time.time(), *read.events.times_s.tolist()]) + version.history.forgotten_after_s
    additions = [
        (history_key(version.history_space, entity, key), sums)
        for entity in read.events.entities
        for key, sums in sorted(totals(version.history, entity, read.events, excess).items())
    ]
    stores.histories.add_in_lots(f"{version.history_space}#recorded#{file.batch_id}", additions, expires_s)
