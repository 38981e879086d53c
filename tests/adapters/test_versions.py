"""Which version decides: only one that is whole, and the former one until then."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tollgate.adapters.s3.versions import VersionStore
from tollgate.errors import ConflictError, NotFoundError, SealError, UnavailableError

from model_build.sealing.seal import read_version_files
from tests.services.backend import DETECTOR, Backend, reseal

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

FILES = ("detector.json", "model.onnx", "evaluation.json")


@pytest.fixture(scope="session")
def second_version(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reseal(sample_version, tmp_path_factory.mktemp("second"), description="the second")


@pytest.fixture
def store(backend: Backend) -> VersionStore:
    return VersionStore(backend.s3, backend.bucket, refresh_s=10)


def damage(backend: Backend, name: str, file: str, how: str) -> None:
    key = f"detectors/{DETECTOR}/{name}/{file}"
    if how == "missing":
        backend.s3.delete_object(Bucket=backend.bucket, Key=key)
        return
    content = bytearray(backend.get(key))
    content[len(content) // 2] ^= 1
    backend.drop(key, bytes(content))


def name_champion(backend: Backend, content: bytes) -> None:
    backend.drop(f"detectors/{DETECTOR}/deployment.json", content)


def test_a_champion_is_kept_until_it_is_time_to_look_again(
    backend: Backend, store: VersionStore, sample_version: Path, second_version: Path
) -> None:
    first = store.champion(DETECTOR, now_s=0)
    backend.publish(second_version)
    assert store.champion(DETECTOR, now_s=9) is first
    assert store.champion(DETECTOR, now_s=11).version == second_version.name
    assert first.version == sample_version.name


def test_the_same_champion_is_not_opened_twice(store: VersionStore) -> None:
    assert store.champion(DETECTOR, now_s=0) is store.champion(DETECTOR, now_s=100)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_damaged_version_never_starts(
    backend: Backend, store: VersionStore, sample_version: Path, file: str, how: str
) -> None:
    damage(backend, sample_version.name, file, how)
    with pytest.raises(SealError, match=file):
        store.champion(DETECTOR, now_s=0)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_damaged_successor_leaves_the_former_one(
    backend: Backend, store: VersionStore, second_version: Path, file: str, how: str
) -> None:
    former = store.champion(DETECTOR, now_s=0)
    backend.publish(second_version)
    damage(backend, second_version.name, file, how)
    assert store.champion(DETECTOR, now_s=11) is former
    backend.drop(f"detectors/{DETECTOR}/{second_version.name}/{file}", (second_version / file).read_bytes())
    assert store.champion(DETECTOR, now_s=22).version == second_version.name


DAMAGED = {
    "no JSON": b"{",
    "no object": b"[]",
    "no champion": b"{}",
    "no text": b"\xff\xfe",
    "empty": b"",
    "null": b'{"champion": null}',
    "unknown version": b'{"champion": "20260101-0000000000000000"}',
    "another folder": b'{"champion": "../../lists"}',
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_deployment_leaves_the_former_one(backend: Backend, store: VersionStore, content: bytes) -> None:
    former = store.champion(DETECTOR, now_s=0)
    name_champion(backend, content)
    assert store.champion(DETECTOR, now_s=11) is former


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_deployment_never_starts(backend: Backend, store: VersionStore, content: bytes) -> None:
    name_champion(backend, content)
    with pytest.raises(SealError):
        store.champion(DETECTOR, now_s=0)


def test_a_version_under_another_name_is_refused(backend: Backend, store: VersionStore, sample_version: Path) -> None:
    for file, content in read_version_files(sample_version).items():
        backend.drop(f"detectors/{DETECTOR}/20260101-0000000000000000/{file}", content)
    with pytest.raises(SealError):
        store.open(DETECTOR, "20260101-0000000000000000")


def test_an_unknown_detector_is_not_found(store: VersionStore) -> None:
    with pytest.raises(NotFoundError, match='no detector "nobody"'):
        store.champion("nobody", now_s=0)


def test_storage_that_does_not_answer_leaves_the_former_one(backend: Backend, store: VersionStore) -> None:
    former = store.champion(DETECTOR, now_s=0)
    backend.s3.meta.events.register("before-send.s3.GetObject", refuse_connection)
    assert store.champion(DETECTOR, now_s=11) is former
    with pytest.raises(UnavailableError, match="try again"):
        VersionStore(backend.s3, backend.bucket, refresh_s=10).champion(DETECTOR, now_s=0)


def refuse_connection(**_request: Any) -> None:  # noqa: ANN401 - botocore's own signature
    from botocore.exceptions import EndpointConnectionError  # noqa: PLC0415

    raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def meanwhile(backend: Backend, work: Callable[[], object]) -> None:
    """Do something once, just before the pointer is written."""
    done: list[bool] = []

    def interrupt(params: dict[str, Any], **_request: Any) -> None:  # noqa: ANN401 - botocore's own signature
        if params["Key"].endswith("deployment.json") and not done:
            done.append(True)
            work()

    backend.s3.meta.events.register("provide-client-params.s3.PutObject", interrupt)


def test_two_publishers_at_once_conflict(
    backend: Backend, store: VersionStore, sample_version: Path, second_version: Path
) -> None:
    meanwhile(backend, lambda: name_champion(backend, json.dumps({"champion": sample_version.name, "x": 1}).encode()))
    with pytest.raises(ConflictError, match="publish again"):
        store.publish(DETECTOR, second_version.name, read_version_files(second_version))
    assert store.champion(DETECTOR, now_s=0).version == sample_version.name


def test_two_first_publishers_at_once_conflict(
    empty_backend: Backend, sample_version: Path, second_version: Path
) -> None:
    store = VersionStore(empty_backend.s3, empty_backend.bucket, refresh_s=10)
    meanwhile(empty_backend, lambda: empty_backend.publish(sample_version))
    with pytest.raises(ConflictError, match="publish again"):
        store.publish(DETECTOR, second_version.name, read_version_files(second_version))
    assert store.champion(DETECTOR, now_s=0).version == sample_version.name
