"""Scoring a file on this machine, by what the deployed file door does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from tollgate.core.files.key_hashes import KeyHashes
from tollgate.core.files.piece_events import EventReader
from tollgate.core.files.pieces import Piece, ReadOptions, open_pieces
from tollgate.core.files.scoring import FileScoring
from tollgate.core.files.sources import LocalFile
from tollgate.core.files.stored import read_from
from tollgate.core.reading import require_columns
from tollgate.core.version import DetectorVersion
from tollgate.errors import TableError

from model_build.publishing import load_folder_histories, open_folder, training_end_s


@dataclass(frozen=True)
class Scored:
    """What is worth knowing about a file, as `summary.json` has it, and whether histories began empty for its times."""

    summary: Mapping[str, Any]
    begins_early: bool


def score_file(data: Path, folder: Path, out: Path, *, fresh: bool) -> Scored:
    """Decide on every row of a file with the version in ``folder``, and write the results to ``out`` as CSV.

    Histories are those that the training data left; they begin empty if ``fresh``, or for a file with rows from before
    that data ended. Raises `TableError` for a file that cannot be read, `SealError` for a version that is damaged.
    """
    if not data.is_file():
        raise TableError(f"There is no file {data}.")
    version = open_folder(folder)
    begins_early = not fresh and _begins_before(version, data, training_end_s(version))
    stored = {} if fresh or begins_early else load_folder_histories(version, folder)
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f"{out.name}.part")
    try:
        with TemporaryDirectory() as work, unfinished.open("wb") as file:
            scoring = FileScoring(version, Path(work), read_from(stored))
            for scored in scoring.score(_pieces(version, data)):
                file.write(scored.csv)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    return Scored(scoring.summary(), begins_early)


def _begins_before(version: DetectorVersion, data: Path, time_s: float) -> bool:
    reader = EventReader(version.event_type, KeyHashes())
    for piece in _pieces(version, data):
        require_columns(version.event_type, piece.names)
        if np.any(reader.read(piece).events.times_s < time_s):
            return True
    return False


def _pieces(version: DetectorVersion, data: Path) -> Iterator[Piece]:
    with closing(LocalFile(data)) as source:
        yield from open_pieces(data.name, source, ReadOptions(version.file_form))
