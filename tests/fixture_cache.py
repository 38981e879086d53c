"""Cache for fixtures that take long to make: folders under a hash of all that they follow from, in `.build/fixtures`.

Any change of a source, of an installed package or of the zone and language makes another key, so nothing in the cache
is ever stale. Of several processes that want the same folder one makes it; the others wait. Every caller gets a copy of
its own, so that what a test writes never reaches the cache.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".build" / "fixtures"
# What training, sealing and the generator of payments are made of; the test of this module holds that they use no more.
SOURCES = (
    "functions/tollgate",
    "model_build",
    "requirements",
    "examples/sample/detector.toml",
    "tests/fixture_cache.py",
)
NOT_SOURCES = ("functions/tollgate/handlers", "functions/tollgate/services")
# Where tests run under another clock or in another place, they use what was made there.
ENVIRONMENT = ("FAKETIME", "LANG", "LANGUAGE", "LC_ALL", "TZ")
_MAX_KEPT = 3


def cached_folder(name: str, make: Callable[[Path], object], out: Path, sources: Sequence[str | Path] = ()) -> Path:
    """Copy to ``out``, a folder to be made, what ``make`` wrote into an empty folder: now, or in an earlier session.

    ``sources`` are what it follows from besides `SOURCES`; the caller's own file is one of them.
    """
    key = hashlib.sha256(f"{_common_key()}\n{_hash_files(sources)}".encode()).hexdigest()[:20]
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked(CACHE / f"{name}.lock"):
        folder = CACHE / f"{name}-{key}"
        if not folder.exists():
            _make(folder, make)
        os.utime(folder)
        shutil.copytree(folder, out)
        _forget_old(name)
    return out


def _make(folder: Path, make: Callable[[Path], object]) -> None:
    """Make a folder whole or not at all."""
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    make(unfinished)
    unfinished.rename(folder)


def _forget_old(name: str) -> None:
    """Remove all but the folders that were used last."""
    folders = [folder for folder in CACHE.glob(f"{name}-{'?' * 20}") if folder.is_dir()]
    for folder in sorted(folders, key=lambda one: one.stat().st_mtime)[:-_MAX_KEPT]:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file, which the system gives back when this process ends, however it does."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            # Processes that were forked meanwhile would hold it on.
            fcntl.flock(file, fcntl.LOCK_UN)


@cache
def _common_key() -> str:
    installed = sorted(f"{one.name} {one.version}" for one in metadata.distributions())
    place = [f"{name}={os.environ.get(name)}" for name in ENVIRONMENT]
    return "\n".join([_hash_files(SOURCES), sys.version, platform.machine(), *place, *installed])


def _hash_files(sources: Sequence[str | Path]) -> str:
    """Return a hash of the names and contents of files, those in folders too."""
    digest = hashlib.sha256()
    for path in sorted({file for source in sources for file in source_files(ROOT / source)}):
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_files(path: Path) -> Iterator[Path]:
    """Yield the files that count at a path: itself, or those in a folder."""
    if not path.is_dir():
        yield path
        return
    left_out = tuple(ROOT / name for name in NOT_SOURCES)
    for file in path.rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts and not any(map(file.is_relative_to, left_out)):
            yield file
