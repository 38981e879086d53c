"""Scoring of a file chunk by chunk: each row sees the histories as they were stored and the rows before it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.reader import require_columns
from tollgate.core.files.columns.arrow_reader import ChunkEvents, EventReader
from tollgate.core.files.decide_chunk import ChunkDecisions, decide_chunk
from tollgate.core.files.history.histories import FileHistories, ReadStored, nothing_stored
from tollgate.core.files.history.key_index import SeenIds
from tollgate.core.files.notes.unknown_keys import describe_unknown_keys
from tollgate.core.files.readers.chunk import Chunk, Position
from tollgate.core.files.results import tabulate, write_lines
from tollgate.core.files.summary import FileSummary
from tollgate.core.files.withheld_rows import WithheldRows
from tollgate.core.history.engine.engine import ChunkReads
from tollgate.core.history.engine.row_store import MemoryBudget
from tollgate.core.times.clock_skew import SkewLimit

__all__ = ["EventReader", "FileHistories", "FileScoring", "ReadStored", "ScoredChunk", "nothing_stored"]

# Arrow's own pool keeps tens of megabytes that are free.
pa.set_memory_pool(pa.system_memory_pool())

_SUMMARY = "summary.json"
# What a file's histories and ids may take in memory where nobody says.
MEMORY_BYTES = 1_240_000_000
# Chunks that are under way at once: one is read, one looked up in the histories, one decided on and written.
_UNDER_WAY = 2
_THREADS = 2


@dataclass(frozen=True)
class ScoredChunk:
    """The results of one chunk: as lines of CSV, and as a table for Parquet whose schema is that of the whole file.

    The first chunk of a file begins with the header. ``rows`` were read, of which ``failed`` could not be used. A run
    that is to go on behind this chunk reads from ``after``.
    """

    csv: bytes
    table: pa.Table
    first_row: int
    rows: int
    failed: int
    after: Position


class FileScoring:
    """The scoring of one file. What it remembers of the rows so far is in memory, and texts of keys in ``folder``.

    All runs over a file have the same ``limit``, so that they decide alike. ``stored_keys`` says how many keys of each
    entity have a stored history, where somebody knows. Histories and ids may take ``memory_bytes`` together.
    """

    def __init__(
        self,
        version: DetectorVersion,
        folder: Path,
        read_stored: ReadStored = nothing_stored,
        limit: SkewLimit | None = None,
        stored_keys: Mapping[str, int] | None = None,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._stored_keys = stored_keys
        self._limit = limit
        self._begins_empty = read_stored is nothing_stored
        self._version = version
        self._folder = folder
        memory = MemoryBudget(memory_bytes)
        self._histories = FileHistories(version.history, folder, read_stored, memory)
        self._withheld = WithheldRows(version, self._histories)
        self._ids = SeenIds(memory)
        self._summary = FileSummary()

    @classmethod
    def restore(
        cls,
        version: DetectorVersion,
        folder: Path,
        read_stored: ReadStored = nothing_stored,
        limit: SkewLimit | None = None,
        memory_bytes: int = MEMORY_BYTES,
    ) -> FileScoring:
        """Take up what `save` left in ``folder``."""
        scoring = cls(version, folder, read_stored, limit, memory_bytes=memory_bytes)
        scoring._histories.load()
        scoring._ids.load(folder)
        scoring._summary = FileSummary.from_json(json.loads((folder / _SUMMARY).read_text()))
        return scoring

    def save(self) -> None:
        """Leave in the folder all that `restore` needs to go on behind the last chunk, once `score` has ended."""
        self._histories.save()
        self._ids.save(self._folder)
        (self._folder / _SUMMARY).write_text(json.dumps(self._summary.to_json()))

    @property
    def latest_s(self) -> float:
        """The time of the latest usable event so far, in seconds since 1970; -inf without one."""
        return self._summary.latest_s

    def summary(self) -> dict[str, Any]:
        """Return what is worth knowing about the rows so far, as `summary.json` has it."""
        told = self._summary.describe(self._version, begins_empty=self._begins_empty)
        histories, kind = self._histories, self._version.event_type
        unknown = describe_unknown_keys(kind, histories.keys, told["rows"], self._stored_keys, histories.find_known)
        return {**told, "notes": [*told["notes"], *unknown]}

    def additions(self) -> Iterator[tuple[str, str, Mapping[str, int]]]:
        """Yield entity, key and what the rows so far add to its history, by stored name; in a fixed order."""
        return self._histories.additions()

    def score(self, chunks: Iterable[Chunk]) -> Iterator[ScoredChunk]:
        """Yield the results of the chunks, in their order. Chunks are read ahead while others are scored.

        Raises `TableError` when a declared column is missing, `TooManyKeysError` when memory does not hold the
        histories of all keys.
        """
        hashing, find_repeated = self._histories.hashing, self._ids.find_repeated
        reader = EventReader(self._version.event_type, hashing, find_repeated, self._limit)
        waiting: deque[Future[tuple[ScoredChunk, Chunk, ChunkEvents, ChunkDecisions]]] = deque()
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(1) as behind, ThreadPoolExecutor(_THREADS) as pool:
            source = iter(chunks)
            coming = ahead.submit(next, source, None)
            while (chunk := coming.result()) is not None:
                coming = ahead.submit(next, source, None)
                if not self._summary.rows and not waiting:
                    require_columns(self._version.event_type, chunk.names)
                read = reader.read(chunk)
                while waiting and self._withheld.must_wait(read):
                    yield self._take(waiting.popleft())
                reads = self._withheld.read(read, pool)
                waiting.append(behind.submit(self._finish, chunk, read, reads, pool))
                while len(waiting) >= _UNDER_WAY:
                    yield self._take(waiting.popleft())
            while waiting:
                yield self._take(waiting.popleft())

    def _take(self, finished: Future[tuple[ScoredChunk, Chunk, ChunkEvents, ChunkDecisions]]) -> ScoredChunk:
        scored, chunk, read, decided = finished.result()
        self._summary.add(self._version, chunk, read, decided)
        self._withheld.report(read, decided.ranks)
        return scored

    def _finish(
        self, chunk: Chunk, read: ChunkEvents, reads: ChunkReads, pool: ThreadPoolExecutor
    ) -> tuple[ScoredChunk, Chunk, ChunkEvents, ChunkDecisions]:
        decided = decide_chunk(self._version, read.events, reads, pool)
        table = tabulate(self._version, chunk, read.places, decided, read.problems, read.clocks)
        lines = write_lines(table, header=chunk.first_row == 0)
        scored = ScoredChunk(lines, table, chunk.first_row, len(chunk), len(read.problems), chunk.after)
        return scored, chunk, read, decided
