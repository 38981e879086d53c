"""Storage for tests: the emulator, or fakes in this process where pytest is told `--storage fakes`.

A test module takes these fixtures with `pytest_plugins = ("tests.storage_fixture",)`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.aws import FakeAws, running_fakes
from tests.storage import Storage

pytest_plugins = ("tests.integration.emulator_fixture",)


@pytest.fixture(scope="session")
def fakes() -> Iterator[FakeAws]:
    with running_fakes() as started:
        yield started


@pytest.fixture(scope="session")
def storage(request: pytest.FixtureRequest) -> Storage:
    """What tests keep buckets, tables, queues and streams in, each under names of its own."""
    name = {"fakes": "fakes", "emulator": "running"}[request.config.getoption("--storage")]
    chosen: Storage = request.getfixturevalue(name)
    return chosen
