"""Scoring of a file on this machine, with the code of the batch function."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tollgate import clock
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.files.history.histories import read_from
from tollgate.core.files.readers.chunks import Chunk, ReadOptions, open_chunks
from tollgate.core.files.readers.source import LocalFile
from tollgate.core.files.scoring import FileScoring
from tollgate.errors import TableError

from model_build.cli.output_file import check_output
from model_build.cli.version_folder import find_version
from model_build.deployment.publish import load_folder_histories, open_folder

SUFFIXES = (".csv",)


def score_file(data: Path, folder: Path, out: Path, *, fresh: bool, now: datetime | None = None) -> Mapping[str, Any]:
    """Decide every row of a file with the version in ``folder``, or the newest there, and write CSV to ``out``.

    Return a summary of the file, like `summary.json`. Histories are those after the training data, as in a deployment
    where the version was just published, or empty if ``fresh``. Rows that are later than ``now``, by default the time
    of this machine, are handled as in an uploaded file.

    Raises `InputError` for an ``out`` that is not named CSV or would overwrite an input, `TableError` for a file that
    cannot be read, `SealError` for a version that is damaged.
    """
    check_output(out, (data, folder), SUFFIXES)
    if not data.is_file():
        raise TableError(f"File {data} does not exist.")
    folder = find_version(folder)
    version = open_folder(folder)
    stored = {} if fresh else load_folder_histories(version, folder)
    kept = {entity: len(keys) for entity, keys in stored.items()}
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f"{out.name}.part")
    try:
        with TemporaryDirectory() as work, unfinished.open("wb") as file:
            limit = version.skew_limit(now or clock.now())
            scoring = FileScoring(version, Path(work), read_from(stored), limit, kept, _memory_bytes())
            for scored in scoring.score(_chunks(version, data)):
                file.write(scored.csv)
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)
    return scoring.summary()


def _memory_bytes() -> int:
    """Return how much the histories of a file may take here: half of this machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _chunks(version: DetectorVersion, data: Path) -> Iterator[Chunk]:
    with closing(LocalFile(data)) as source:
        yield from open_chunks(data.name, source, ReadOptions(version.file_form))
