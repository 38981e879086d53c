"""Manifests of earlier releases open, and are written again to the byte."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from tollgate.core.detectors.manifest import SealedDetector
from tollgate.core.detectors.version import MANIFEST

from tests.stored.storage import BUCKET
from tests.stored.write import FOLDERS

# Keys that came after the first of these folders was written, each by its path in the manifest, with the value that
# older versions keep.
LATER: Mapping[tuple[str, ...], object] = {("event_type", "max_ahead_s"): 600.0, ("safety", "clock"): "event"}


def read_manifests() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for archive in sorted(FOLDERS.glob(f"*/{BUCKET}")):
        with zipfile.ZipFile(archive) as bucket:
            names = [name for name in bucket.namelist() if Path(name).name == MANIFEST]
            found |= {f"{archive.parent.name}/{name}": bucket.read(name) for name in names}
    return found


MANIFESTS = read_manifests()


def write(plain: object) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_was_sealed_is_written_again_to_the_byte(name: str) -> None:
    sealed = MANIFESTS[name].decode()
    manifest = json.loads(sealed)
    written = SealedDetector.from_manifest(manifest).to_manifest()

    for (*sections, key), value in LATER.items():
        before, now = manifest, written
        for section in sections:
            before, now = before[section], now[section]
        if key not in before:
            assert now.pop(key) == value
    assert sealed.startswith(write(written).removesuffix("}"))


def test_there_are_manifests_of_every_release() -> None:
    assert len(MANIFESTS) >= 3 * len(list(FOLDERS.glob(f"*/{BUCKET}"))) > 0
