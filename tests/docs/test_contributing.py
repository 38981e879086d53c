"""CONTRIBUTING.md names files that exist, and the hooks of git that it speaks of run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

PAGE = ROOT / "CONTRIBUTING.md"
ADR = ROOT / "docs" / "adr"
_PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?)`")
PATHS = sorted(set(_PATH.findall(PAGE.read_text(encoding="utf-8"))))


def test_the_page_names_files() -> None:
    assert len(PATHS) > 20


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_the_page_names_exists(path: str) -> None:
    assert (ROOT / path).exists()


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PRE_COMMIT_HOME": str(folder / "hooks")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_hooks_of_git_put_style_right_before_a_commit(tmp_path: Path) -> None:
    for name in (".pre-commit-config.yaml", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / ".gitignore").write_text("hooks/\n.venv\n")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "module.py").write_text('"""A module."""\n\nimport os\nx = { "a":1 }\n')
    assert run(tmp_path, "git", "init", "-q").returncode == 0
    run(tmp_path, "git", "add", "module.py", ".pre-commit-config.yaml", "pyproject.toml")
    done = run(tmp_path, ".venv/bin/pre-commit", "run", "--all-files")
    assert done.returncode == 1, done.stdout
    assert (tmp_path / "module.py").read_text() == '"""A module."""\n\nx = {"a": 1}\n'
    run(tmp_path, "git", "add", "module.py")
    done = run(tmp_path, ".venv/bin/pre-commit", "run", "--all-files")
    assert done.returncode == 0, done.stdout


def test_records_of_decisions_are_numbered_without_a_gap() -> None:
    records = sorted(ADR.glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        number, title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ").split(". ", 1)
        assert int(number) == int(path.name[:4])
        assert f"[{path.name[:4]}]({path.name}) {title}" in (ADR / "README.md").read_text(encoding="utf-8")
