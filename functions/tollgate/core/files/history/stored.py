"""Stored histories from memory, in the form in which the scoring of a file asks for them."""

from __future__ import annotations

from tollgate.core.files.history.histories import ReadStored, nothing_stored
from tollgate.core.history.replay import StoredHistories


def read_from(stored: StoredHistories) -> ReadStored:
    """Return what answers which of the asked keys have a history, and what is stored of them."""
    if not any(stored.values()):
        return nothing_stored
    return lambda asked: {
        entity: {key: stored[entity][key] for key in keys if key in stored.get(entity, {})}
        for entity, keys in asked.items()
    }
