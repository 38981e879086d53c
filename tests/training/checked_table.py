"""Small tables to train on, and what is noticed in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from model_build.data.future_rows import read_past_payments
from model_build.data.quality import note_data_quality
from model_build.data.table import read_labeled_events
from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.train import TrainingResult, train_detector
from tests.core.files.scored import score

N = 600
START_S = 1_767_225_600  # 1 January 2026, a Thursday
NOW_S = START_S + 100 * 86_400.0
EVENT = 'id = "id"\ntimestamp = "t"\nlabel = "y"\nlabel_delay = "1h"\n'
Columns = Mapping[str, Any]


def labels_of(n: int = N, rate: float = 0.2, seed: int = 0) -> npt.NDArray[np.int8]:
    return (np.random.default_rng(seed).random(n) < rate).astype(np.int8)


def times(n: int = N) -> list[str]:
    return [datetime.fromtimestamp(START_S + 3600 * number, UTC).isoformat() for number in range(n)]


def base(n: int = N) -> dict[str, Any]:
    return {"id": [f"e{number}" for number in range(n)], "t": times(n), "y": labels_of(n).tolist()}


def write(folder: Path, columns: Columns, event: str, suffix: str = ".csv") -> tuple[Path, DetectorFile]:
    path = folder / f"table{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.table(dict(columns)), path)
    else:
        pa.csv.write_csv(pa.table(dict(columns)), path)
    (folder / "detector.toml").write_text(
        f'[detector]\nid = "checked"\n[event]\n{event}[training]\nmodels = ["xgboost"]\n'
    )
    return path, read_detector_file(folder / "detector.toml")


def notice(
    folder: Path, columns: Columns, event: str = EVENT, *, now_s: float | None = NOW_S, suffix: str = ".csv"
) -> tuple[str, ...]:
    path, file = write(folder, columns, event, suffix)
    if now_s is None:
        return note_data_quality(read_labeled_events(path, file.event_type), file, None)
    return note_data_quality(read_past_payments(path, file, datetime.fromtimestamp(now_s, UTC)), file, now_s)


# ---- from table to decision ------------------------------------------------------------------------------------------


def train_and_score(folder: Path, columns: Columns, event: str, new: Columns, suffix: str = ".csv") -> TrainingResult:
    """Train on columns and hold that ``new`` ones are scored without an error."""
    path, file = write(folder, columns, event, suffix)
    trained = train_detector(path, file, folder / "out", lambda _step: None)
    (folder / "new").mkdir()
    path, _ = write(folder / "new", new, event, suffix)
    version = trained.sealed.version
    scored = score(version, path.read_bytes(), folder / "kept", name=path.name)
    assert (scored.summary["failed"], scored.summary["errors"]) == (0, [])
    assert sum(scored.summary["outcomes"].values()) == len(new["id"])
    return trained
