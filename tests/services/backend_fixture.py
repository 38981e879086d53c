"""Each test's own bucket and tables, and published versions in them.

A test module takes these fixtures with `pytest_plugins = ("tests.services.backend_fixture",)`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from tollgate import clock
from tollgate.services.container import Container

from model_build.deployment.publish import open_folder
from tests.services.backend import DETECTOR, Backend, Payment, create_tables, forget_storage, read_payments, reseal
from tests.storage import Storage

pytest_plugins = ("tests.storage_fixture",)

LATER_PAYMENTS = 1_000
_numbers = count(1)


@pytest.fixture
def empty_backend(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backend]:
    """A bucket and tables with nothing in them; the environment names them."""
    number = f"{os.getpid()}-{next(_numbers)}"
    named = {
        "TOLLGATE_BUCKET": f"tollgate-test-{number}",
        "TOLLGATE_HISTORY_TABLE": f"history-{number}",
        "TOLLGATE_DECISIONS_TABLE": f"decisions-{number}",
        "TOLLGATE_DETECTOR": DETECTOR,
    }
    environment = {**storage.environment(), **named}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget_storage()
    backend = Backend(environment)
    backend.s3.create_bucket(Bucket=backend.bucket)
    create_tables(backend.dynamodb, named["TOLLGATE_HISTORY_TABLE"], named["TOLLGATE_DECISIONS_TABLE"])
    yield backend
    forget_storage()


@pytest.fixture
def backend(empty_backend: Backend, sample_version: Path) -> Backend:
    """Storage in which the sample version decides; its histories are empty."""
    empty_backend.publish(sample_version)
    return empty_backend


@pytest.fixture
def pass_time() -> Iterator[Callable[[float], None]]:
    """Move the clock of this process on by some seconds, where waiting for them would show the same."""
    with ExitStack() as moved:
        yield lambda seconds: moved.enter_context(clock.set_to(clock.now() + timedelta(seconds=seconds)))


@pytest.fixture
def container(backend: Backend) -> Container:
    return backend.container


@pytest.fixture(scope="session")
def later_payments(sample_csv: Path) -> list[Payment]:
    """A thousand payments that follow those which the version was trained on, by the same customers."""
    payments = read_payments(sample_csv)[-LATER_PAYMENTS:]
    times = [datetime.fromisoformat(payment["timestamp"]) for payment in payments]
    shift = times[-1] - times[0] + timedelta(minutes=1)
    return [
        {
            **payment,
            "event_id": f"later-{payment['event_id']}",
            "timestamp": (moment + shift).isoformat().replace("+00:00", "Z"),
        }
        for payment, moment in zip(payments, times, strict=True)
    ]


@pytest.fixture
def payment(later_payments: list[Payment]) -> Payment:
    return dict(later_payments[0])


@pytest.fixture(scope="session")
def recording_version(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample version of a detector whose files are recorded in the histories."""
    return reseal(sample_version, tmp_path_factory.mktemp("recording"), record_batches=True)


@pytest.fixture(scope="session")
def small_version(
    sample_version: Path, later_payments: list[Payment], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The sample version with the histories that the later payments read, and no others: quick to publish."""
    event_type = open_folder(sample_version).event_type
    wanted = {
        (entity, "\x1f".join(str(payment[column]) for column in columns))
        for entity, columns in event_type.entities.items()
        for payment in later_payments
    }
    return reseal(sample_version, tmp_path_factory.mktemp("small"), lambda entity, key: (entity, key) in wanted)
