"""Detector version for the serving benchmarks, and in-memory storage that hands it to the functions.

It is the sample detector with XGBoost of 300 trees of depth 6. In its folder lies what the usual stack takes:
the same trees as joblib writes them (`usual_stack.py`).
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.serving.memory_dynamodb import MemoryDynamoDB

ROOT = Path(__file__).parent.parent.parent
DETECTOR_FILE = ROOT / "examples" / "sample" / "detector.toml"
GALLERY = ROOT / "tests" / "events" / "http_api_v2_post.json"
TREES, DEPTH = 300, 6
USUAL_MODEL = "usual.joblib"
_FOLDER = "BENCH_VERSION"


def train_version(rows: int, out: Path) -> Path:
    """Train on sample payments; return the version's folder, with the usual stack's model in it."""
    # Here, not above: a function that starts has no use for what trains.
    import joblib  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    import xgboost  # noqa: PLC0415

    from model_build.data.table import read_labeled_events  # noqa: PLC0415
    from model_build.data.training_set import build_training_set  # noqa: PLC0415
    from model_build.detector_file.reader import read_detector_file  # noqa: PLC0415
    from model_build.simulator import write_sample  # noqa: PLC0415
    from model_build.train import train_detector  # noqa: PLC0415

    payments = out / "payments.csv"
    write_sample(rows, 1, payments)
    file = read_detector_file(DETECTOR_FILE)
    parameters = {"xgboost": {"rounds": TREES, "max_depth": DEPTH}}
    file = replace(file, training=replace(file.training, models=("xgboost",), parameters=parameters))
    folder = train_detector(payments, file, out, lambda _: None).sealed.folder
    data = read_labeled_events(payments, file.event_type)
    everything = np.arange(len(data.events))
    training_set = build_training_set(data, file, everything, lambda _: None)
    frame = pd.DataFrame(training_set.matrix, columns=[feature.name for feature in training_set.features])
    model = xgboost.XGBClassifier(n_estimators=TREES, max_depth=DEPTH, n_jobs=1)
    joblib.dump(model.fit(frame, training_set.labels(everything)), folder / USUAL_MODEL)
    return folder


def read_payments(folder: Path, most: int) -> list[dict[str, Any]]:
    """Return the last payments of the sample as they are posted, numbers as numbers."""
    with (folder.parent.parent / "payments.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[-most:]
    numbers = ("amount", "latitude", "longitude")
    return [
        {name: float(cell) if name in numbers else cell for name, cell in row.items() if name != "is_fraud"}
        for row in rows
    ]


def read_features(folder: Path, payments: list[dict[str, Any]]) -> list[dict[str, float | None]]:
    """Return some values for the features of each payment: what a feature store would give the usual stack."""
    from tollgate.core.decisions.in_order import decide_in_order  # noqa: PLC0415
    from tollgate.core.events.reader import read_events  # noqa: PLC0415

    from model_build.deployment.publish import open_folder  # noqa: PLC0415

    version = open_folder(folder)
    columns = {name: [payment[name] for payment in payments] for name in payments[0]}
    events, _ = read_events(version.event_type, {name: columns[name] for name in version.event_type.variables})
    names = [feature.name for feature in version.features]
    rows = decide_in_order(version, events, {}).features.tolist()
    return [{name: None if value != value else value for name, value in zip(names, row, strict=True)} for row in rows]  # noqa: PLR0124


def write_request(payment: Mapping[str, Any], reasons: str) -> dict[str, Any]:
    """Return what the HTTP API hands to a function when a payment is posted."""
    payload: dict[str, Any] = json.loads(GALLERY.read_text(encoding="utf-8"))
    return {**payload, "body": json.dumps({"event": payment, "reasons": reasons})}


def environment_of(folder: Path) -> dict[str, str]:
    """Return the environment in which the functions, and the usual stack, find the version."""
    return {
        _FOLDER: str(folder),
        "TOLLGATE_BUCKET": "bucket",
        "TOLLGATE_HISTORY_TABLE": "history",
        "TOLLGATE_DECISIONS_TABLE": "decisions",
        "TOLLGATE_DETECTOR": "payments",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_LAMBDA_LOG_LEVEL": "WARNING",
    }


def version_folder() -> Path:
    """Return the folder that the environment names."""
    return Path(os.environ[_FOLDER])


class FolderS3:
    """Answers `get_object` from a version's folder as boto3's client does from the bucket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_object(self, *, Bucket: str, Key: str, **_: object) -> dict[str, Any]:
        """Return the deployment, or a file of the version."""
        if Key.endswith("deployment.json"):
            content = json.dumps({"champion": self._folder.name}).encode()
        else:
            content = (self._folder / Key.rpartition("/")[2]).read_bytes()
        return {"Body": io.BytesIO(content), "ETag": '"1"', "ContentLength": len(content), "Bucket": Bucket}


def keep_in_memory() -> MemoryDynamoDB:
    """Make the functions of this process work on the version's folder and on tables in memory, which are returned."""
    from tollgate.adapters import clients  # noqa: PLC0415

    tables, objects = MemoryDynamoDB(), FolderS3(version_folder())
    setattr(clients, "dynamodb", lambda: tables)  # noqa: B010 - what stands in has another type
    for client in ("s3", "hasty_s3"):
        setattr(clients, client, lambda: objects)
    return tables
