"""What many tests share: sample payments, and a version trained on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings

from localstack import emulator
from localstack.running import RunningStack, running_stack
from model_build.detector_file.reader import DetectorFile, read_detector_file
from model_build.simulator import write_sample
from model_build.train import train_detector

ROOT = Path(__file__).parent.parent
SAMPLE_DETECTOR = ROOT / "examples/sample/detector.toml"
# Times say more about what else the machine does than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def sample_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sample") / "payments.csv"
    write_sample(20_000, 3, path)
    return path


@pytest.fixture(scope="session")
def quick_detector() -> DetectorFile:
    """The sample's detector without the slow forest."""
    file = read_detector_file(SAMPLE_DETECTOR)
    return replace(file, training=replace(file.training, models=("logistic_regression", "xgboost")))


@pytest.fixture(scope="session")
def sample_version(sample_csv: Path, quick_detector: DetectorFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a version trained on `sample_csv`."""
    out = tmp_path_factory.mktemp("versions")
    return train_detector(sample_csv, quick_detector, out, lambda _step: None).sealed.folder


@pytest.fixture(scope="session")
def tollgate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The whole of Tollgate as `make demo` runs it, with fewer payments, on free ports."""
    if not emulator.PYTHON.exists():
        pytest.skip("the embedded emulator is not installed; `make .tools/emulator/ready` installs it")
    with running_stack(tmp_path_factory.mktemp("stack"), 15_000, 1_000, 0, lambda _step: None) as stack:
        yield stack
