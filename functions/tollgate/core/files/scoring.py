"""A file scored piece by piece: each row sees the histories as they were stored and the rows before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tollgate.core.event import Events
from tollgate.core.files.pieces import Piece, Position
from tollgate.core.replay import StoredHistories
from tollgate.core.scored_file import ScoredFile, read_event_file, score_file
from tollgate.core.stored_history import StoredSums
from tollgate.core.table_files import FileTable
from tollgate.core.totals import totals
from tollgate.core.version import DetectorVersion

# Entity → the keys that are met for the first time → what is stored of each that has a history.
ReadStored = Callable[[Mapping[str, Sequence[str]]], StoredHistories]
_STATE = "state.json"


def nothing_stored(_keys: Mapping[str, Sequence[str]]) -> StoredHistories:
    """Say that no key has a history."""
    return {}


@dataclass(frozen=True)
class ScoredPiece:
    """The results of one piece: as lines of CSV, and as a table for Parquet whose schema is that of the whole file.

    The first piece of a file begins with the header. ``rows`` were read, of which ``failed`` could not be used. A run
    that is to go on behind this piece reads from ``after``.
    """

    csv: bytes
    table: pa.Table
    first_row: int
    rows: int
    failed: int
    after: Position


class FileScoring:
    """The scoring of one file. What it remembers of the rows so far is in memory and in ``folder``."""

    def __init__(self, version: DetectorVersion, folder: Path, read_stored: ReadStored = nothing_stored) -> None:
        self._version = version
        self._folder = folder
        self._read_stored = read_stored
        self._stored: dict[str, dict[str, StoredSums]] = {entity: {} for entity in version.history.sums}
        self._own: dict[str, dict[str, dict[str, int]]] = {entity: {} for entity in version.history.sums}
        self._summary: dict[str, Any] = {}

    @classmethod
    def restore(cls, version: DetectorVersion, folder: Path, read_stored: ReadStored = nothing_stored) -> FileScoring:
        """Take up what `save` left in ``folder``."""
        scoring = cls(version, folder, read_stored)
        state = json.loads((folder / _STATE).read_text())
        scoring._stored, scoring._own, scoring._summary = state["stored"], state["own"], state["summary"]
        return scoring

    def save(self) -> None:
        """Leave in the folder all that `restore` needs. Between two runs only: not while `score` is being read."""
        state = {"stored": self._stored, "own": self._own, "summary": self._summary}
        (self._folder / _STATE).write_text(json.dumps(state))

    def score(self, pieces: Iterable[Piece]) -> Iterator[ScoredPiece]:
        """Yield the results of the pieces, in their order. Pieces are read ahead while others are scored.

        Raises `TableError` when a declared column is missing.
        """
        for piece in pieces:
            yield self._score_piece(piece)

    def summary(self) -> dict[str, Any]:
        """Return what is worth knowing about the rows so far, as `summary.json` has it."""
        return self._summary

    def additions(self) -> Iterator[tuple[str, str, Mapping[str, int]]]:
        """Yield entity, key and what the rows so far add to its history, by stored name; in a fixed order."""
        for entity, keys in self._own.items():
            for key, sums in sorted(keys.items()):
                yield entity, key, sums

    def _score_piece(self, piece: Piece) -> ScoredPiece:
        table = FileTable(piece.names, [column.to_pylist() for column in piece.columns], dict(piece.misshapen))
        file = read_event_file(self._version, table)
        self._meet(file.events)
        scored = score_file(self._version, file, self._so_far(file.events))
        self._keep(file.events, scored)
        header, _, lines = scored.results.partition(b"\n")
        self._summary = dict(scored.summary) if not piece.first_row else self._summary
        content = lines if piece.first_row else scored.results
        failed = int(scored.summary["failed"])
        names = header.decode().split(",")
        results = pa.table({name: pa.array([""] * len(piece)) for name in names})
        return ScoredPiece(content, results, piece.first_row, len(piece), failed, piece.after)

    def _meet(self, events: Events) -> None:
        new = {
            entity: [key for key in keys.values if key not in self._own[entity]]
            for entity, keys in events.entities.items()
        }
        for entity, found in self._read_stored(new).items():
            self._stored[entity].update(found)
        for entity, keys_met in new.items():
            self._own[entity].update({key: {} for key in keys_met})

    def _so_far(self, events: Events) -> StoredHistories:
        return {
            entity: {key: _add(self._stored[entity].get(key, {}), self._own[entity][key]) for key in keys.values}
            for entity, keys in events.entities.items()
        }

    def _keep(self, events: Events, scored: ScoredFile) -> None:
        import numpy as np  # noqa: PLC0415

        excess = np.zeros(len(events))
        for place, value in scored.excess.items():
            excess[place] = value
        for entity in events.entities:
            for key, added in totals(self._version.history, entity, events, excess).items():
                self._own[entity][key] = _add(self._own[entity][key], added)


def _add(one: StoredSums, other: StoredSums) -> dict[str, int]:
    return {**one, **{name: one.get(name, 0) + number for name, number in other.items()}}
