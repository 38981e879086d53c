"""No command writes over what it reads, nor something else than the name of its output says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.test_command_line import DETECTOR, call, refusal

RULES = '[[rules]]\nname = "large"\nwhen = "amount > 900"\noutcome = "review"\n'


def same_path(data: Path) -> Path:
    return data


def spelled_otherwise(data: Path) -> Path:
    return data.parent / "folder" / ".." / data.name


def symbolic_link(data: Path) -> Path:
    link = data.with_name("link.csv")
    link.symlink_to(data)
    return link


def hard_link(data: Path) -> Path:
    link = data.with_name("hard.csv")
    os.link(data, link)
    return link


def upper_case_ending(data: Path) -> Path:
    link = data.with_name("LINK.CSV")
    link.symlink_to(data)
    return link


@pytest.fixture
def data(tmp_path: Path, sample_csv: Path) -> Path:
    (tmp_path / "folder").mkdir()
    (tmp_path / "detector.toml").write_text(DETECTOR + RULES)
    path = tmp_path / "same.csv"
    path.write_text("\n".join(sample_csv.read_text().splitlines()[:20]) + "\n")
    return path


@pytest.mark.parametrize("spell", [same_path, spelled_otherwise, symbolic_link, hard_link, upper_case_ending])
@pytest.mark.parametrize("command", ["score", "features", "evaluate", "rules"])
def test_no_command_overwrites_its_input(
    data: Path, sample_version: Path, command: str, spell: Callable[[Path], Path]
) -> None:
    before, out = data.read_bytes(), spell(data)
    detector = ("--detector", data.with_name("detector.toml"))
    asked: dict[str, tuple[object, ...]] = {
        "score": ("score", data, "--version", sample_version, "--out", out),
        "features": ("features", data, *detector, "--out", out),
        "evaluate": ("evaluate", data, *detector, "--json", out),
        "rules": ("rules", "test", data, *detector, "--json", out),
    }
    said = refusal(call(*asked[command]))
    assert said == f"Error: {out} would overwrite the input {data}; write to another file."
    assert data.read_bytes() == before


def test_figures_do_not_overwrite_the_detector_file(data: Path) -> None:
    detector = data.with_name("detector.toml")
    for command in (["evaluate"], ["rules", "test"]):
        assert "would overwrite the input" in refusal(call(*command, data, "--detector", detector, "--json", detector))
    assert detector.read_text() == DETECTOR + RULES


def test_no_result_goes_into_a_sealed_version(data: Path, sample_version: Path) -> None:
    out = sample_version / "r.csv"
    assert "would overwrite the input" in refusal(call("score", data, "--version", sample_version, "--out", out))
    assert not out.exists()


@pytest.mark.parametrize("name", ["r.parquet", "r.csv.gz", "r.xlsx", "r"])
def test_score_refuses_an_ending_that_it_does_not_write(data: Path, sample_version: Path, name: str) -> None:
    out = data.with_name(name)
    said = refusal(call("score", data, "--version", sample_version, "--out", out))
    assert said == f"Error: {out} must end with .csv."
    assert not out.exists()


def test_features_refuses_an_ending_that_it_does_not_write(data: Path) -> None:
    out = data.with_name("f.json")
    said = refusal(call("features", data, "--detector", data.with_name("detector.toml"), "--out", out))
    assert said == f"Error: {out} must end with .parquet or .csv."


def test_figures_go_into_a_folder_that_is_made_for_them(data: Path) -> None:
    out = data.parent / "a" / "b" / "trial.json"
    result = call("rules", "test", data, "--detector", data.with_name("detector.toml"), "--json", out)
    assert result.exit_code == 0, result.output
    assert out.is_file()
