"""Sealed version for Spark's workers: sent as its files, checked and opened by each worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tollgate.adapters.s3.lists import ListStore
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.detectors.version import VERSION_FILES, DetectorVersion, open_version
from tollgate.core.rules.value_lists import ValueList
from tollgate.errors import SealError

# A worker's process decides for one version at a time, in many tasks.
_held: list[tuple[SealedVersion, DetectorVersion]] = []


@dataclass(frozen=True)
class SealedVersion:
    """The files of a version by their name, and the lists that stand in for its own."""

    name: str
    files: Mapping[str, bytes] = field(repr=False)
    lists: Mapping[str, ValueList] = field(default_factory=dict, repr=False)

    def open(self) -> DetectorVersion:
        """Open the version, once a process; raise `SealError` unless all of it is as sealed."""
        if not _held or _held[0][0] != self:
            version = open_version(self.name, self.files)
            _held[:] = [(self, replace(version, rules=version.rules.with_lists(self.lists)))]
        return _held[0][1]


def load_folder(folder: Path) -> SealedVersion:
    """Take a version from a folder on this machine."""
    if not folder.is_dir():
        raise SealError(f"The version folder {folder} does not exist; check --version.")
    files = {name: (folder / name).read_bytes() for name in VERSION_FILES if (folder / name).is_file()}
    return SealedVersion(folder.resolve().name, files)


def load_champion(store: VersionStore, detector: str) -> SealedVersion:
    """Take the version that decides now from a deployment's bucket, with the lists as they are now."""
    version = store.champion(detector, 0.0)
    lists = ListStore(store.s3, store.bucket).current(detector, version.rules.book.lists)
    return SealedVersion(version.version, store.read_files(detector, version.version), lists)
