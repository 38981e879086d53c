"""What many tests share: sample payments, and a version trained on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from localstack import emulator
from localstack.running import RunningStack, running_stack
from model_build.detector_file.reader import DetectorFile
from tests.hypothesis_profiles import register_profiles
from tests.schedule import LongestFirst, put_longest_first
from tests.trained import read_quick_detector, train_sample_version, write_sample_payments

register_profiles()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--storage",
        choices=("emulator", "fakes"),
        default="emulator",
        help="what tests of services, adapters and handlers keep their data in (default: the emulator)",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LongestFirst | None:  # noqa: ANN401 - xdist's own
    return LongestFirst(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several processes
        put_longest_first(items)


@pytest.fixture(scope="session")
def sample_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample_payments(tmp_path_factory.mktemp("sample") / "payments.csv")


@pytest.fixture(scope="session")
def quick_detector() -> DetectorFile:
    """The sample's detector without the slow forest."""
    return read_quick_detector()


@pytest.fixture(scope="session")
def sample_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a version trained on `sample_csv`."""
    return train_sample_version(tmp_path_factory.mktemp("versions") / "sample")


@pytest.fixture(scope="session")
def tollgate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """The whole of Tollgate as `make demo` runs it, with fewer payments, on free ports."""
    if not emulator.PYTHON.exists():
        pytest.skip("the embedded emulator is not installed; `make .tools/emulator/ready` installs it")
    with running_stack(tmp_path_factory.mktemp("stack"), 15_000, 1_000, 0, lambda _step: None) as stack:
        yield stack
