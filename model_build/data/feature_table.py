"""Feature table of past events, to train a model elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from tollgate.core.files.results import free_name

from model_build.data.training_set import Progress
from model_build.detector_file.reader import DetectorFile
from model_build.train import prepare

_PARTS = ("train", "validation", "test")
SUFFIXES = (".parquet", ".csv")


def write_features(data_path: Path, file: DetectorFile, out: Path, progress: Progress) -> tuple[int, int]:
    """Write what models would learn from, in order of time; return how many events and features there are.

    Before the features stand the event's id, the ``part`` that it belongs to (empty: its label was not known in time)
    and its ``label``, 1 for fraud. Raises what training does for data that cannot be learned from.
    """
    training_set, split, _ = prepare(data_path, file, progress)
    data, n = training_set.data, len(training_set.data.events)
    parts = np.full(n, None, dtype=object)
    for name in _PARTS:
        parts[getattr(split, name)] = name
    names = [feature.name for feature in training_set.features]
    columns = {
        free_name(file.event_type.id or "row", names): pa.array(data.events.ids, pa.string()),
        free_name("part", names): pa.array(parts, pa.string()),
        free_name("label", names): pa.array(data.labels, pa.int8(), mask=data.labels < 0),
    }
    # A missing value is an empty cell, and NaN to whoever reads it.
    columns |= {name: pa.array(training_set.matrix[:, place], from_pandas=True) for place, name in enumerate(names)}
    progress(f"Writing {out}")
    out.parent.mkdir(parents=True, exist_ok=True)
    write = pa.parquet.write_table if out.suffix.lower() == ".parquet" else pa.csv.write_csv
    write(pa.table(columns), out)
    return n, len(names)
