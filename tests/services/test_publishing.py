"""Publishing: a version and its histories reach the storage, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.errors import SealError
from tollgate.services.decisions.decide import decide_event

from model_build.deployment.publish import load_folder_histories, open_folder, publish_version
from model_build.sealing.seal import HISTORIES
from tests.services.backend import Backend, Payment, reseal
from tests.services.expected import under_pks

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator


@pytest.fixture(scope="session")
def tiny_version(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample version with the histories of merchants only."""
    return reseal(sample_version, tmp_path_factory.mktemp("tiny"), lambda entity, _key: entity == "merchant")


def publish(backend: Backend, folder: Path) -> int | None:
    return publish_version(folder, backend.bucket, backend.container.histories.table).loaded


def expected_histories(folder: Path) -> dict[str, dict[str, int]]:
    version = open_folder(folder)
    return under_pks(version, load_folder_histories(version, folder))


def test_a_published_version_decides_with_its_histories(empty_backend: Backend, tiny_version: Path) -> None:
    loaded = publish(empty_backend, tiny_version)
    assert empty_backend.container.champion().version == tiny_version.name
    assert empty_backend.histories() == expected_histories(tiny_version)
    assert loaded == len(expected_histories(tiny_version)) > 100
    assert {pk: len(names) for pk, names in empty_backend.latest().items()} == dict.fromkeys(
        empty_backend.histories(), 1
    )


def test_publishing_again_adds_nothing(empty_backend: Backend, tiny_version: Path) -> None:
    publish(empty_backend, tiny_version)
    before = empty_backend.histories()
    publish(empty_backend, tiny_version)
    assert empty_backend.histories() == before


def test_a_second_version_of_the_same_plan_keeps_the_histories(
    empty_backend: Backend, tiny_version: Path, tmp_path: Path, payment: Payment
) -> None:
    publish(empty_backend, tiny_version)
    decide_event(empty_backend.container, payment)
    before = empty_backend.histories()
    second = reseal(tiny_version, tmp_path, lambda _entity, key: key < "m00050", description="another")
    assert publish(empty_backend, second) is None
    assert empty_backend.histories() == before
    empty_backend.container.versions._open.clear()
    assert empty_backend.container.champion().version == second.name


def test_events_that_came_before_the_histories_stay_counted(
    backend: Backend, tiny_version: Path, payment: Payment
) -> None:
    decide_event(backend.container, payment)
    pk = f"{backend.container.champion().history_space}#merchant#{payment['merchant_id']}"
    counted = backend.histories()[pk]
    publish(backend, tiny_version)
    loaded = expected_histories(tiny_version)[pk]
    together = {name: counted.get(name, 0) + loaded.get(name, 0) for name in {**counted, **loaded}}
    assert backend.histories()[pk] == together


@pytest.mark.parametrize("file", ["detector.json", "model.onnx", "evaluation.json", HISTORIES])
@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_folder_is_not_published(
    empty_backend: Backend, tiny_version: Path, tmp_path: Path, file: str, damage: str
) -> None:
    folder = tmp_path / tiny_version.name
    folder.mkdir()
    for part in tiny_version.iterdir():
        (folder / part.name).write_bytes(part.read_bytes())
    content = bytearray((folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / file).write_bytes(content) if damage == "changed" else (folder / file).unlink()
    with pytest.raises(SealError, match=file):
        publish(empty_backend, folder)
    assert not empty_backend.keys("detectors/")
    assert not empty_backend.histories()
