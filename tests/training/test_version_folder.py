"""A version on this machine: one, or the newest of a detector, so that a second training breaks no command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tollgate.errors import SealError

from model_build.cli.version_folder import find_version
from tests.services.backend import reseal
from tests.training.test_command_line import a_year_later, call, refusal


@pytest.fixture
def versions(sample_version: Path, tmp_path: Path) -> list[Path]:
    """Two versions of one day in a detector's folder, the older one first, which is not so by name."""
    folder = tmp_path / "versions" / "payments"
    folder.mkdir(parents=True)
    times = ("2026-11-30T08:00:00Z", "2026-11-30T17:00:00Z", "2026-11-30T16:59:00Z")
    sealed = [reseal(sample_version, tmp_path / str(place), created_at=time) for place, time in enumerate(times)]
    made = [Path(shutil.copytree(version, folder / version.name)) for version in sealed]
    (folder / ".sealing-left").mkdir()
    (folder / "notes").mkdir()
    return sorted(made, key=lambda version: str(json.loads((version / "detector.json").read_text())["created_at"]))


def test_a_detectors_folder_stands_for_its_newest_version(versions: list[Path]) -> None:
    assert find_version(versions[0].parent) == versions[-1]
    assert find_version(versions[0]) == versions[0]


def test_folders_without_a_version_say_what_to_name(versions: list[Path], tmp_path: Path) -> None:
    detector = versions[0].parent
    with pytest.raises(SealError, match=f"{detector.parent} holds versions in {detector}; give one of these"):
        find_version(detector.parent)
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        SealError, match=r"empty has no detector.json: give the folder of a sealed version, or of a detector"
    ):
        find_version(tmp_path / "empty")
    with pytest.raises(SealError, match=r"Version folder .* does not exist"):
        find_version(tmp_path / "nowhere")


def test_score_takes_the_newest_version_and_says_which(versions: list[Path], sample_csv: Path, tmp_path: Path) -> None:
    new, out = tmp_path / "new.csv", tmp_path / "r.csv"
    new.write_text(a_year_later(sample_csv, 5))
    detector = versions[0].parent
    said = call("score", new, "--version", detector, "--out", out)
    assert said.exit_code == 0, said.output
    assert f"Version: {versions[-1].name}, the newest in {detector}" in said.stderr
    assert "Version:" not in call("score", new, "--version", versions[0], "--out", out).stderr


@pytest.mark.parametrize("first", [True, False])
def test_a_pattern_that_matches_several_versions_says_so(
    versions: list[Path], sample_csv: Path, tmp_path: Path, *, first: bool
) -> None:
    pattern = ["--version", *sorted(versions)]
    arguments = [*pattern, sample_csv] if first else [sample_csv, *pattern]
    said = refusal(call("score", *arguments, "--out", tmp_path / "r.csv"))
    assert said.startswith(f"Error: Several versions were given, {sorted(versions)[0]}, ")
    assert said.endswith(f"; give one, or the folder {versions[0].parent}, whose newest version is then used.")


def test_publish_and_rules_say_it_too(versions: list[Path], sample_csv: Path) -> None:
    assert "Several versions" in refusal(call("publish", *versions, "--bucket", "b", "--history-table", "h"))
    asked = ("rules", "test", sample_csv, "--detector", "d.toml", "--version", *versions)
    assert "Several versions" in refusal(call(*asked))
