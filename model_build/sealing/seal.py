"""Sealing: a trained detector becomes a folder in which any changed byte is detected."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tollgate.core.detectors.sample_events import PAST_EVENTS
from tollgate.core.detectors.version import (
    EVALUATION,
    FORMAT,
    MANIFEST,
    MODEL,
    REASONS,
    VERSION_FILES,
    DetectorVersion,
    open_version,
    sha256,
    version_name,
)
from tollgate.core.events.event import Floats
from tollgate.core.history.plan import HistoryPlan
from tollgate.core.history.replay import sum_additions

from model_build.data.table import LabeledEvents
from model_build.model_card.card import build_card, render_card

HISTORIES = "histories.jsonl.gz"
CARD, CARD_TEXT = "card.json", "card.md"


@dataclass(frozen=True)
class Sealed:
    """A sealed version and the folder it is in."""

    version: DetectorVersion
    folder: Path


def seal_version(
    manifest: Mapping[str, Any],
    model: bytes,
    evaluation: Mapping[str, Any],
    histories: bytes,
    out: Path,
    *,
    reasons: bytes | None = None,
    past_events: bytes | None = None,
) -> Sealed:
    """Write ``out/<detector>/<version>/`` whole or not at all, and open it as serving will.

    ``manifest`` lacks only the hashes, which are added here. The model card, as JSON and as Markdown, ``histories`` and
    ``past_events`` go beside the files that are opened to decide. Histories are loaded once, when the version is first
    published; past events are read when somebody asks for them.
    """
    card = build_card(manifest, evaluation)
    beside = {CARD: _to_json(card), CARD_TEXT: render_card(card).encode(), HISTORIES: histories}
    files = {MODEL: model, EVALUATION: _to_json(evaluation), **({REASONS: reasons} if reasons else {})}
    if past_events is not None:
        beside[PAST_EVENTS] = past_events
    hashes = {name: sha256(content) for name, content in files.items()}
    whole = {
        **manifest,
        "format": FORMAT,
        "files": hashes,
        "histories": {"file": HISTORIES, "sha256": sha256(histories)},
        "past_events": past_events and {"file": PAST_EVENTS, "sha256": sha256(past_events)},
        "card": {name: sha256(beside[name]) for name in (CARD, CARD_TEXT)},
    }
    files[MANIFEST] = _to_json(whole)
    name = version_name(manifest["created_at"], files[MANIFEST])
    version = open_version(name, files)
    folder = out / manifest["detector"] / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".sealing-") as staging:
        for file, content in {**files, **beside}.items():
            Path(staging, file).write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(staging, folder)
    return Sealed(version, folder)


def _to_json(plain: Mapping[str, Any]) -> bytes:
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def read_version_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a version folder that are published; what is missing is left for `open_version` to name."""
    names = (*VERSION_FILES, PAST_EVENTS)
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def encode_histories(data: LabeledEvents, plan: HistoryPlan, excess: Floats) -> bytes:
    """Return what the events left in the histories of their entities: gzipped lines of [entity, key, sums].

    Labels count that were known by the last event, as in training; what has faded by then is left out. So are events
    that are late. ``excess`` is what `amount_excess` says of the events, shape (n,).
    """
    data = data.without_late()
    excess = excess[: len(data.events)]
    left = sum_additions(plan, data.events, excess, data.frauds, withheld=data.withheld)
    lines = [
        json.dumps([entity, key, sums], separators=(",", ":"))
        for entity, added in left.items()
        for key, sums in sorted(added.items())
    ]
    return gzip.compress("\n".join(lines).encode(), compresslevel=6, mtime=0)
