"""The cache of fixtures: made once, by one of many, whole, and anew when anything changes that it follows from."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.architecture.source import imports_of
from tests import fixture_cache
from tests.fixture_cache import ROOT, SOURCES, cached_folder, source_files

MAKES = """
import sys, time
from pathlib import Path
from tests import fixture_cache

fixture_cache.CACHE, out = Path(sys.argv[1]), Path(sys.argv[2])

def make(folder):
    (folder / "part").write_text("first")
    if len(sys.argv) > 3:
        print("begun", flush=True)
        time.sleep(60)
    time.sleep(0.3)
    (folder / "whole").write_text(str(time.monotonic_ns()))

print((fixture_cache.cached_folder("slow", make, out) / "whole").read_text())
"""


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fixture_cache, "CACHE", tmp_path / "cache")


class Making:
    """Writes one file, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        (folder / "made.txt").write_text(str(self.times))


def test_made_once_and_copied_to_each_who_asks(tmp_path: Path) -> None:
    make = Making()
    first = cached_folder("some", make, tmp_path / "first")
    (first / "made.txt").write_text("changed by a test")
    second = cached_folder("some", make, tmp_path / "second")

    assert make.times == 1
    assert (second / "made.txt").read_text() == "1"


def test_a_changed_source_makes_it_anew_and_the_former_one_is_found_again(tmp_path: Path) -> None:
    source, make = ROOT / ".build" / f"source-{tmp_path.parent.name}-{tmp_path.name}.txt", Making()
    found = []
    try:
        for place, text in enumerate(("one", "two", "one")):
            source.write_text(text)
            folder = cached_folder("some", make, tmp_path / str(place), (source,))
            found.append((folder / "made.txt").read_text())
    finally:
        source.unlink()

    assert found == ["1", "2", "1"]


@pytest.mark.parametrize("name", fixture_cache.ENVIRONMENT)
def test_another_clock_or_place_makes_it_anew(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make = Making()
    cached_folder("some", make, tmp_path / "here")
    monkeypatch.setenv(name, "Another")
    fixture_cache._common_key.cache_clear()
    try:
        cached_folder("some", make, tmp_path / "there")
    finally:
        monkeypatch.undo()
        fixture_cache._common_key.cache_clear()

    assert make.times == 2


def test_what_failed_is_made_by_the_next(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cached_folder("some", fail, tmp_path / "first")
    found = cached_folder("some", Making(), tmp_path / "second")

    assert [path.name for path in found.iterdir()] == ["made.txt"]


def run(tmp_path: Path, name: str, *further: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", MAKES, str(tmp_path / "cache"), str(tmp_path / name), *further]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_of_many_at_once_one_makes_it_and_the_others_wait(tmp_path: Path) -> None:
    running = [run(tmp_path, str(place)) for place in range(4)]
    made = {process.communicate(timeout=60)[0] for process in running}

    assert len(made) == 1
    assert [process.returncode for process in running] == [0] * 4


def test_one_that_is_killed_at_it_keeps_nobody_waiting(tmp_path: Path) -> None:
    killed = run(tmp_path, "first", "slowly")
    assert killed.stdout is not None
    assert killed.stdout.readline() == "begun\n"
    killed.kill()
    killed.communicate()
    began = time.monotonic()
    assert run(tmp_path, "second").communicate(timeout=60)[0].strip().isdigit()

    assert time.monotonic() - began < 30


def test_old_ones_are_removed(tmp_path: Path) -> None:
    source = ROOT / ".build" / f"source-{tmp_path.parent.name}-{tmp_path.name}.txt"
    try:
        for place in range(fixture_cache._MAX_KEPT + 3):
            source.write_text(str(place))
            cached_folder("some", Making(), tmp_path / str(place), (source,))
    finally:
        source.unlink()

    assert len(list((tmp_path / "cache").glob("some-*"))) == fixture_cache._MAX_KEPT


def modules_behind(name: str) -> Iterator[Path]:
    """Yield the module of ours that a whole name names, or that has it, and the packages it lies in."""
    parts = name.split(".")
    for root in (ROOT, ROOT / "functions"):
        for depth in range(1, len(parts) + 1):
            place = root.joinpath(*parts[:depth])
            yield from (path for path in (place.with_suffix(".py"), place / "__init__.py") if path.exists())


def test_the_sources_are_all_that_training_imports() -> None:
    hashed = {file for source in SOURCES for file in source_files(ROOT / source)}
    begins = ("train.py", "simulator/__init__.py", "models/external.py", "cli/output_file.py")
    waiting = [ROOT / "model_build" / name for name in begins]
    seen = set(waiting)
    while waiting:
        new = {path for name in imports_of(waiting.pop()) for path in modules_behind(name)} - seen
        seen |= new
        waiting += new

    assert len(seen) > 150
    assert {path.relative_to(ROOT).as_posix() for path in seen - hashed} == set()
