"""boto3's clients before the fakes, and before the emulator, which the fakes are held to.

A test module takes these fixtures with `pytest_plugins = ("tests.contract.clients_fixture",)`; each test then runs on
both (`conftest.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count

import pytest

from tests.contract.named import Named
from tests.services.backend import create_tables, forget_storage
from tests.storage import Storage

pytest_plugins = ("tests.storage_fixture",)
_numbers = count(1)


@pytest.fixture
def named(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Named]:
    """Names of a test's own, and clients that reach where they are."""
    chosen: Storage = request.getfixturevalue(request.param)
    for name, value in chosen.environment().items():
        monkeypatch.setenv(name, value)
    forget_storage()
    yield Named(f"contract-{os.getpid()}-{next(_numbers)}")
    forget_storage()


@pytest.fixture
def tables(named: Named) -> Named:
    """With an empty table of histories and one of decisions."""
    create_tables(named.dynamodb, named.histories, named.decisions)
    return named


@pytest.fixture
def bucket(named: Named) -> Named:
    """With an empty bucket."""
    named.s3.create_bucket(Bucket=named.bucket)
    return named
