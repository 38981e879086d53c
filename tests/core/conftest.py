"""A trained version and the histories that its payments left."""

from __future__ import annotations

from pathlib import Path

import pytest
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.history.stored import StoredHistories

from model_build.deployment.publish import load_folder_histories, open_folder


@pytest.fixture(scope="module")
def version(sample_version: Path) -> DetectorVersion:
    return open_folder(sample_version)


@pytest.fixture(scope="module")
def stored(version: DetectorVersion, sample_version: Path) -> StoredHistories:
    return load_folder_histories(version, sample_version)
