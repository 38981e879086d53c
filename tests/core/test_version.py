"""The seal: a version opens whole, as it was sealed, under its own name, or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tollgate.core.detectors.model import Model
from tollgate.core.detectors.version import (
    EVALUATION,
    MANIFEST,
    MODEL,
    check_seal,
    open_version,
    sha256,
    version_name,
)
from tollgate.errors import SealError

from model_build.deployment.publish import load_folder_histories, open_folder
from model_build.sealing.seal import HISTORIES, read_version_files

SEALED = (MANIFEST, MODEL, EVALUATION)


@pytest.fixture(scope="module")
def files(sample_version: Path) -> dict[str, bytes]:
    return read_version_files(sample_version)


def test_a_version_opens_as_it_was_sealed(sample_version: Path, files: dict[str, bytes]) -> None:
    version = open_version(sample_version.name, files)

    assert version.version == sample_version.name
    assert version.detector == sample_version.parent.name == "payments"
    assert [outcome.name for outcome in version.outcomes] == ["approve", "review", "block"]
    assert version.scale.thresholds.shape == (1000,)
    written = json.dumps(version.to_manifest(), ensure_ascii=False, separators=(",", ":"))
    assert files[MANIFEST].decode().startswith(written.removesuffix("}"))


@pytest.mark.parametrize("file", SEALED)
def test_any_changed_byte_is_refused(sample_version: Path, files: dict[str, bytes], file: str) -> None:
    content = files[file]
    places = np.unique(np.linspace(0, len(content) - 1, 150).astype(int)).tolist()
    random = np.random.default_rng(0)
    for place in places:
        changed = bytearray(content)
        changed[place] ^= int(random.integers(1, 256))
        with pytest.raises(SealError, match=file):
            check_seal(sample_version.name, {**files, file: bytes(changed)})


@pytest.mark.parametrize("file", SEALED)
@pytest.mark.parametrize(
    "change", [lambda c: c[:-1], lambda c: c + b" ", lambda _: b""], ids=["cut", "longer", "empty"]
)
def test_a_cut_or_longer_file_is_refused(
    sample_version: Path,
    files: dict[str, bytes],
    file: str,
    change: object,
) -> None:
    assert callable(change)
    with pytest.raises(SealError, match=file):
        open_version(sample_version.name, {**files, file: change(files[file])})


@pytest.mark.parametrize("file", SEALED)
def test_a_missing_file_is_refused_and_named(sample_version: Path, files: dict[str, bytes], file: str) -> None:
    with pytest.raises(SealError, match=file):
        open_version(sample_version.name, {name: content for name, content in files.items() if name != file})


@pytest.mark.parametrize("rename", ["{day}-{other}", "20200101-{hash}", "{hash}", "v2", "", "{day}-{hash}-copy"])
def test_a_renamed_version_is_refused(sample_version: Path, files: dict[str, bytes], rename: str) -> None:
    day, _, name_hash = sample_version.name.partition("-")
    name = rename.format(day=day, hash=name_hash, other=name_hash[::-1])

    with pytest.raises(SealError):
        open_version(name, files)


def test_a_manifest_that_was_changed_and_hashed_anew_does_not_open_under_the_old_name(
    sample_version: Path, files: dict[str, bytes]
) -> None:
    manifest = files[MANIFEST].replace(b'"from_score":900', b'"from_score":999')
    assert manifest != files[MANIFEST]

    with pytest.raises(SealError):
        open_version(sample_version.name, {**files, MANIFEST: manifest})


def test_another_format_is_refused_with_what_to_do(sample_version: Path, files: dict[str, bytes]) -> None:
    manifest = files[MANIFEST].replace(b'"format":3', b'"format":1')
    name = version_name(f"{sample_version.name[:4]}-{sample_version.name[4:6]}-{sample_version.name[6:8]}", manifest)

    with pytest.raises(SealError, match=r"format 1.*train it anew"):
        open_version(name, {**files, MANIFEST: manifest})


def test_the_name_carries_the_day_and_the_hash_of_the_manifest(sample_version: Path, files: dict[str, bytes]) -> None:
    day, _, name_hash = sample_version.name.partition("-")

    assert len(day) == 8
    assert day.isdigit()
    assert name_hash == sha256(files[MANIFEST])[:16]


def test_a_folder_under_another_name_is_refused(sample_version: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(sample_version, tmp_path / "20200101-0123456789abcdef")

    with pytest.raises(SealError):
        open_folder(copied)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SealError, match=r"Version folder .* does not exist"):
        open_folder(tmp_path / "nothing")


@pytest.mark.parametrize("place", [0, 100, -1])
def test_changed_histories_are_not_loaded(sample_version: Path, tmp_path: Path, place: int) -> None:
    copied = shutil.copytree(sample_version, tmp_path / sample_version.name)
    content = bytearray((copied / HISTORIES).read_bytes())
    content[place] ^= 1
    (copied / HISTORIES).write_bytes(content)

    with pytest.raises(SealError, match=HISTORIES):
        load_folder_histories(open_folder(copied), copied)


def test_missing_histories_are_refused_when_loaded(sample_version: Path, tmp_path: Path) -> None:
    copied = shutil.copytree(sample_version, tmp_path / sample_version.name)
    (copied / HISTORIES).unlink()

    with pytest.raises(SealError, match=HISTORIES):
        load_folder_histories(open_folder(copied), copied)


@pytest.mark.parametrize(
    ("score", "outcome"),
    [(0, "approve"), (899, "approve"), (900, "review"), (974, "review"), (975, "block"), (1000, "block")],
)
def test_the_strongest_outcome_that_a_score_reaches(
    sample_version: Path, files: dict[str, bytes], score: int, outcome: str
) -> None:
    assert open_version(sample_version.name, files).outcome(score) == outcome


def test_a_model_that_cannot_be_loaded_is_told_as_a_broken_seal() -> None:
    with pytest.raises(SealError, match="cannot be loaded"):
        Model(b"no model")
