from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from tollgate.core.detectors.sample_events import PAST_EVENTS
from tollgate.errors import SealError

from model_build.deployment.publish import load_folder_histories, open_folder
from model_build.sealing.seal import CARD, CARD_TEXT, HISTORIES, read_version_files, seal_version

SEALED = ("detector.json", "model.onnx", "evaluation.json", "reasons.npz")


@pytest.fixture
def folder(sample_version: Path, tmp_path: Path) -> Path:
    copy = tmp_path / sample_version.name
    shutil.copytree(sample_version, copy)
    return copy


def test_a_sealed_folder_opens(folder: Path) -> None:
    version = open_folder(folder)
    assert version.version == folder.name
    assert version.detector == "payments"


def test_a_folder_holds_what_was_sealed_and_nothing_else(sample_version: Path) -> None:
    assert {path.name for path in sample_version.iterdir()} == {*SEALED, HISTORIES, CARD, CARD_TEXT, PAST_EVENTS}
    assert [path.name for path in sample_version.parent.iterdir()] == [sample_version.name]


@pytest.mark.parametrize("name", [*SEALED, PAST_EVENTS])
@pytest.mark.parametrize("place", [0, -1])
def test_a_changed_byte_is_refused_by_name(folder: Path, name: str, place: int) -> None:
    content = bytearray((folder / name).read_bytes())
    content[place] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(SealError, match=name):
        open_folder(folder)


@pytest.mark.parametrize("name", [*SEALED, PAST_EVENTS])
def test_a_missing_file_is_refused_by_name(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(SealError, match=name):
        open_folder(folder)


def test_changed_hashes_in_the_manifest_do_not_help(folder: Path) -> None:
    manifest = json.loads((folder / "detector.json").read_text())
    manifest["outcomes"][-1]["from_score"] = 1
    (folder / "detector.json").write_text(json.dumps(manifest, separators=(",", ":")))
    with pytest.raises(SealError, match=r"detector\.json .* was changed after sealing"):
        open_folder(folder)


def test_a_renamed_folder_is_refused(folder: Path) -> None:
    with pytest.raises(SealError):
        open_folder(folder.rename(folder.with_name("20200101-0123456789abcdef")))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SealError, match=r"Version folder .* does not exist"):
        open_folder(tmp_path / "nowhere")


@pytest.mark.parametrize("content", [None, b"", gzip.compress(b'["customer","c",{"n0":1}]', mtime=0)])
def test_histories_that_are_not_as_sealed_are_refused(folder: Path, content: bytes | None) -> None:
    (folder / HISTORIES).unlink()
    if content is not None:
        (folder / HISTORIES).write_bytes(content)
    with pytest.raises(SealError, match="is missing or was changed"):
        load_folder_histories(open_folder(folder), folder)


def test_histories_name_the_declared_entities_and_hold_whole_numbers(folder: Path) -> None:
    version = open_folder(folder)
    stored = load_folder_histories(version, folder)
    assert set(stored) == set(version.event_type.entities)
    sums = [number for keys in stored.values() for kept in keys.values() for number in kept.values()]
    assert len(sums) > 1000
    assert all(isinstance(number, int) for number in sums)


def test_sealing_again_gives_the_same_name_and_leaves_a_whole_folder(folder: Path, tmp_path: Path) -> None:
    files = read_version_files(folder)
    manifest = {
        key: value
        for key, value in json.loads(files["detector.json"]).items()
        if key not in ("files", "histories", "format", "card", "past_events")
    }
    evaluation, histories = json.loads(files["evaluation.json"]), (folder / HISTORIES).read_bytes()
    more = {"reasons": files["reasons.npz"], "past_events": files[PAST_EVENTS]}
    names = set()
    for _ in range(2):
        sealed = seal_version(manifest, files["model.onnx"], evaluation, histories, tmp_path / "out", **more)
        names.add(sealed.folder.name)
        assert open_folder(sealed.folder).version == sealed.version.version
    assert names == {folder.name}
    assert len(list((tmp_path / "out" / "payments").iterdir())) == 1


def test_a_model_that_cannot_be_opened_is_not_written(folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / "detector.json").read_text())
    with pytest.raises(Exception, match=r"[Pp]rotobuf|[Mm]odel"):
        seal_version(manifest, b"not onnx", {}, b"", tmp_path / "out")
    assert not (tmp_path / "out").exists()
