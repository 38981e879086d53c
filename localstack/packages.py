"""Deployment packages of the functions: dependencies are built once, and the functions' own code is added each time.

Folders that `sam build` left are used as they are.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import build_package

ROOT = Path(__file__).resolve().parent.parent
KEPT_IN = ROOT / ".build" / "packages"
# These archives never leave the machine: quick to write and read counts for more than small.
LEVEL = 1


@dataclass(frozen=True)
class Runtime:
    """The system that the functions will run on; `architecture` None is this machine."""

    python_version: str
    architecture: str | None

    @property
    def platform(self) -> str | None:
        """What uv calls the system."""
        return build_package.PLATFORMS[self.architecture] if self.architecture else None


THIS_MACHINE = Runtime(build_package.HOST_PYTHON, None)
LAMBDA = Runtime(build_package.LAMBDA_PYTHON, "x86_64")


def package_functions(runtime: Runtime = THIS_MACHINE) -> bytes:
    """The archive of the functions: the kept archive of what they import, and their code as it is now."""

    def install(folder: Path) -> None:
        build_package.install_functions(folder, runtime.python_version, runtime.platform)

    imported = _keep("functions", "requirements.txt", runtime, install)
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code"
        archive = Path(folder) / "functions.zip"
        build_package.copy_code(code, runtime.python_version)
        build_package.write_zip(build_package.list_files(code), archive, imported, LEVEL)
        return archive.read_bytes()


def package_parquet_layer(runtime: Runtime = THIS_MACHINE) -> bytes:
    """The archive of the layer that reads Parquet."""

    def install(folder: Path) -> None:
        build_package.build_parquet_layer(folder, runtime.python_version, runtime.platform)

    return _keep("parquet", "requirements-parquet.txt", runtime, install).read_bytes()


def package_folders(folders: Mapping[str, Path]) -> dict[str, bytes]:
    """The archives of folders, by name; folders with the same content are packed once."""
    archives: dict[str, bytes] = {}
    packed: dict[str, bytes] = {}
    for name, folder in folders.items():
        files = build_package.list_files(folder)
        digest = _digest(files)
        archives[name] = packed[digest] if digest in packed else packed.setdefault(digest, _pack(files))
    return archives


def _digest(files: list[tuple[str, Path]]) -> str:
    of_all = hashlib.sha256()
    for name, file in files:
        of_all.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return of_all.hexdigest()


def _pack(files: list[tuple[str, Path]]) -> bytes:
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch) / "packed.zip"
        build_package.write_zip(files, archive, level=LEVEL)
        return archive.read_bytes()


def _keep(name: str, requirements: str, runtime: Runtime, install: Callable[[Path], None]) -> Path:
    """The archive of what `install` puts into a folder; built again only when what it depends on has changed."""
    depends_on = hashlib.sha256(repr(runtime).encode())
    for source in (build_package.HERE / requirements, Path(build_package.__file__)):
        depends_on.update(source.read_bytes())
    archive = KEPT_IN / f"{name}-{depends_on.hexdigest()[:16]}.zip"
    if not archive.exists():
        KEPT_IN.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=KEPT_IN) as scratch:
            folder, unfinished = Path(scratch) / "content", Path(scratch) / "unfinished.zip"
            install(folder)
            build_package.write_zip(build_package.list_files(folder), unfinished, level=LEVEL)
            # in one step, for another session may be building the same
            unfinished.replace(archive)
    return archive
