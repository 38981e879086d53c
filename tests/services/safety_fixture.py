"""Versions with a [safety] section, in storage behind an endpoint that can fail.

A test module takes these fixtures with `pytest_plugins = ("tests.services.safety_fixture",)`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tollgate.core.detectors.safety import Safety

from tests.services.backend import Backend, Publish, forget_storage, reseal
from tests.services.faulty_endpoint import FaultyEndpoint, faulty_endpoint

pytest_plugins = ("tests.services.backend_fixture",)

PATIENCE_S = 0.25


@pytest.fixture
def endpoint(empty_backend: Backend, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyEndpoint]:
    """The way to the storage; without faults until some are set."""
    with faulty_endpoint(empty_backend.environment["AWS_ENDPOINT_URL"]) as started:
        monkeypatch.setenv("AWS_ENDPOINT_URL", started.url)
        monkeypatch.setenv("TOLLGATE_PATIENCE_S", str(PATIENCE_S))
        forget_storage()
        yield started


@pytest.fixture
def publish(backend: Backend, sample_version: Path, tmp_path: Path) -> Publish:
    """Publish the sample version with a [safety] section, and with other changes to its manifest."""

    def publish_with(safety: Safety | None, **changes: Any) -> Path:  # noqa: ANN401 - whatever the manifest holds
        if safety is not None:
            changes["safety"] = safety.to_json()
        folder = reseal(sample_version, tmp_path / "sealed", **changes)
        backend.publish(folder)
        return folder

    return publish_with
