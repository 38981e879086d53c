"""Small sealed versions for stored storage: one whose histories some customers have, and two with other reasons."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from tollgate import clock

from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.sealing.seal import HISTORIES, read_version_files, seal_version
from model_build.simulator import write_sample
from model_build.train import train_detector
from tests.fixture_cache import ROOT, cached_folder
from tests.services.backend import Payment, read_payments

DETECTOR_FILE = Path(__file__).parent / "detector.toml"
TRAINED_AT = datetime(2026, 4, 7, 10, tzinfo=UTC)
CUSTOMER = "c000013"
_SMALL_LEAVES = {"min_data_in_leaf": 1, "min_sum_hessian_in_leaf": 0}
# Further detectors, and the model and its parameters by which the files of their reasons have another form.
FURTHER: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "linear": ("logistic_regression", {}),
    # So many leaves that some trees are deep.
    "deep": ("lightgbm", {"rounds": 4, "bags": 1, "max_depth": 30, "num_leaves": 40, **_SMALL_LEAVES}),
}


@dataclass(frozen=True)
class Sealed:
    """Version folders, that of the detector with histories first, and the last payments of their training data."""

    folders: Sequence[Path]
    payments: Sequence[Payment]


def cached_small_versions(out: Path) -> Sealed:
    """Return what `seal_small_versions` makes of today's detector file, a copy in ``out``."""

    def seal(folder: Path) -> None:
        seal_small_versions(DETECTOR_FILE, folder)

    here = Path(__file__)
    cached_folder(
        "stored-versions", seal, out, (here, here.parent / "detector.toml", ROOT / "tests/services/backend.py")
    )
    detectors = (read_detector_file(DETECTOR_FILE).detector, *FURTHER)
    folders = [folder for detector in detectors for folder in (out / "small" / detector).iterdir()]
    return Sealed(folders, _last_payments(out / "payments.csv"))


def _last_payments(data: Path) -> list[Payment]:
    return read_payments(data)[-60:]


def seal_small_versions(detector_file: Path, out: Path) -> Sealed:
    """Train versions on few payments, as of `TRAINED_AT`."""
    data = out / "payments.csv"
    write_sample(4000, 3, data)
    payments = _last_payments(data)
    columns = ("customer_id", "merchant_id", "device_id")
    known = {CUSTOMER, *(str(payment[column]) for payment in payments[:20] for column in columns)}
    file = read_detector_file(detector_file)
    folders = [_seal(data, file, out, lambda key: set(key.split("\x1f")) <= known)]
    for detector, (model, parameters) in FURTHER.items():
        training = replace(file.training, models=(model,), parameters={model: parameters}, past_events=0)
        folders.append(_seal(data, replace(file, detector=detector, training=training), out, lambda _key: False))
    return Sealed(folders, payments)


def _seal(data: Path, file: DetectorFile, out: Path, keep: Callable[[str], bool]) -> Path:
    """Train a version and seal it again with only some of its histories."""
    with clock.set_to(TRAINED_AT):
        trained = train_detector(data, file, out, lambda _step: None).sealed.folder
    lines = gzip.decompress((trained / HISTORIES).read_bytes()).splitlines()
    kept = [line for line in lines if keep(json.loads(line)[1])]
    files = read_version_files(trained)
    manifest = json.loads(files["detector.json"])
    return seal_version(
        {name: value for name, value in manifest.items() if name not in ("files", "format", "histories", "card")},
        files["model.onnx"],
        json.loads(files["evaluation.json"]),
        gzip.compress(b"\n".join(kept), mtime=0),
        out / "small",
        reasons=files.get("reasons.npz"),
        past_events=files.get("past_events.npz"),
    ).folder
