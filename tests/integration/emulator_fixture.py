"""A running emulator with template.yaml deployed into it, one for the whole session.

A test module takes it with `pytest_plugins = ("tests.integration.emulator_fixture",)`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localstack import emulator
from localstack.deployment import Deployment, deploy
from localstack.emulator import Emulator, running_emulator

MISSING = "the embedded emulator is not installed; `make .tools/emulator/ready` installs it"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An empty emulator on a free port; its log is in the session's temporary folder."""
    if not emulator.PYTHON.exists():
        pytest.skip(MISSING)
    log: Path = tmp_path_factory.mktemp("emulator") / "emulator.log"
    with running_emulator(0, log) as started:
        yield started


@pytest.fixture(scope="session")
def deployed(running: Emulator) -> Deployment:
    """Tollgate as template.yaml describes it, with the functions' code as it is now; no detector is published."""
    return deploy(running.endpoint_url)
