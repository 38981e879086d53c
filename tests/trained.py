"""Training for fixtures: the sample payments, a version trained on them, and versions that others were made from.

Each is trained once for a state of the sources, and kept in the cache of fixtures from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.simulator import write_sample
from model_build.train import train_detector
from tests.fixture_cache import ROOT, cached_folder

SAMPLE_DETECTOR = ROOT / "examples" / "sample" / "detector.toml"
SAMPLE_ROWS, SAMPLE_SEED = 20_000, 3


def write_sample_payments(path: Path) -> Path:
    """Write the payments that most tests use."""
    write_sample(SAMPLE_ROWS, SAMPLE_SEED, path)
    return path


def read_quick_detector() -> DetectorFile:
    """Read the sample's detector without the slow forest."""
    file = read_detector_file(SAMPLE_DETECTOR)
    return replace(file, training=replace(file.training, models=("logistic_regression", "xgboost")))


def train_sample_version(out: Path) -> Path:
    """Return the folder of a version trained on the sample payments, a copy in ``out``."""

    def train(folder: Path) -> None:
        payments = write_sample_payments(folder / "payments.csv")
        train_detector(payments, read_quick_detector(), folder, lambda _step: None)
        payments.unlink()

    (folder,) = cached_versions("sample-version", train, out)
    return folder


def cached_versions(name: str, seal: Callable[[Path], object], out: Path, *sources: Path) -> list[Path]:
    """Return the folders of versions that ``seal`` puts into a folder, from the cache, copied to ``out``."""
    cached = cached_folder(name, seal, out, (Path(__file__), *sources))
    return sorted(path.parent for path in cached.glob("*/*/detector.json"))
