"""Past events are read from the bucket when somebody asks for them, and only then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tollgate.core.detectors.sample_events import PAST_EVENTS
from tollgate.errors import NotFoundError, SealError

from tests.services.backend import DETECTOR, Backend, reseal

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator


def key_of(version: Path) -> str:
    return f"detectors/{DETECTOR}/{version.name}/{PAST_EVENTS}"


def asked_keys(backend: Backend) -> list[str]:
    asked: list[str] = []

    def note(params: dict[str, Any], **_request: Any) -> None:  # noqa: ANN401 - botocore's own signature
        asked.append(params["Key"])

    backend.container.versions.s3.meta.events.register("provide-client-params.s3.GetObject", note)
    return asked


def test_they_are_read_once_and_not_with_the_version(backend: Backend, sample_version: Path) -> None:
    asked = asked_keys(backend)
    version = backend.container.champion()
    assert key_of(sample_version) not in asked

    past = backend.container.past_events.read(version)

    assert len(past) > 1_000
    assert backend.container.past_events.read(version) is past
    assert asked.count(key_of(sample_version)) == 1


@pytest.mark.parametrize("how", ["changed", "missing"])
def test_what_is_not_as_sealed_is_refused_and_decisions_go_on(backend: Backend, sample_version: Path, how: str) -> None:
    if how == "changed":
        backend.drop(key_of(sample_version), backend.get(key_of(sample_version))[:-1] + b"!")
    else:
        backend.s3.delete_object(Bucket=backend.bucket, Key=key_of(sample_version))
    version = backend.container.champion()

    with pytest.raises(SealError, match=PAST_EVENTS):
        backend.container.past_events.read(version)


def test_a_version_without_them_says_so(backend: Backend, sample_version: Path, tmp_path: Path) -> None:
    backend.publish(reseal(sample_version, tmp_path, description="without"))

    with pytest.raises(NotFoundError, match="past_events in \\[training\\]"):
        backend.container.past_events.read(backend.container.champion())


def test_a_version_sealed_before_there_were_any_opens(backend: Backend, sample_version: Path, tmp_path: Path) -> None:
    folder = reseal(sample_version, tmp_path, description="older")
    backend.publish(folder)

    assert backend.container.champion().version == folder.name
