"""Files scored in chunks, and what is kept between them, as tests want it."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.files.columns.dictionary_column import DictionaryColumn
from tollgate.core.files.history.histories import FileHistories, read_from
from tollgate.core.files.readers.chunks import Chunk, Position, ReadOptions, open_chunks
from tollgate.core.files.readers.source import Held
from tollgate.core.files.scoring import FileScoring
from tollgate.core.history.stored import StoredHistories

Row = dict[str, str]


@dataclass(frozen=True)
class Scored:
    """The results of a file and its summary."""

    results: bytes
    summary: Mapping[str, Any]
    scoring: FileScoring

    @property
    def rows(self) -> list[Row]:
        return list(csv.DictReader(io.StringIO(self.results.decode(), newline="")))


def score(
    version: DetectorVersion,
    content: bytes,
    folder: Path,
    stored: StoredHistories | None = None,
    *,
    name: str = "x.csv",
    chunk_rows: int = 1 << 20,
    cut_after: int | None = None,
) -> Scored:
    """Score a file; with ``cut_after``, another process goes on after so many chunks."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ReadOptions(chunk_rows=chunk_rows)
    scoring = FileScoring(version, folder, read_from(stored or {}))
    done = b""
    after = Position()
    for scored in scoring.score(itertools.islice(open_chunks(name, Held(content), options), cut_after)):
        done += scored.csv
        after = scored.after
    if cut_after is not None:
        scoring.save()
        scoring = FileScoring.restore(version, folder, read_from(stored or {}))
        for scored in scoring.score(open_chunks(name, Held(content), options, Position.from_json(after.to_json()))):
            done += scored.csv
    return Scored(done, scoring.summary(), scoring)


def to_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Write rows as they are."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def texts_of(histories: FileHistories, events: Events) -> dict[str, DictionaryColumn]:
    """Return the keys of events as a file's chunks have them."""
    return {
        entity: DictionaryColumn.of(keys.codes, pa.array(list(keys.values), pa.string()), histories.hashing)
        for entity, keys in events.entities.items()
    }


def rows_of(chunks: list[Chunk]) -> tuple[list[list[Any]], dict[int, str]]:
    """Return the rows of chunks, None where a cell is empty, and what is wrong with some of them."""
    rows: list[list[Any]] = []
    wrong: dict[int, str] = {}
    for chunk in chunks:
        assert chunk.first_row == len(rows)
        wrong |= {len(rows) + place: why for place, why in chunk.misshapen.items()}
        columns = [column if isinstance(column, list) else column.to_pylist() for column in chunk.columns]
        rows += [list(row) for row in zip(*columns, strict=True)]
    return rows, wrong


def in_parts(events: Events, cuts: list[int]) -> list[Events]:
    """Cut events at some places."""
    edges = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    return [events.take(np.arange(start, stop)) for start, stop in itertools.pairwise(edges) if stop > start]
