"""Listing of a detector's sealed versions, and which of them decides."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tollgate.errors import SealError
from tollgate.services.container import Container

_WORKERS = 8


def list_versions(container: Container, limit: int, detector: str | None = None) -> dict[str, Any]:
    """Return the newest versions in the bucket, the newest first, and how many there are.

    One whose manifest is not as sealed is told with a null in place of what it says. Raises `UnavailableError`.
    """
    champion = container.champion(detector)
    names = container.versions.names(champion.detector)
    shown = names[:limit]
    with ThreadPoolExecutor(_WORKERS) as pool:
        found = list(pool.map(partial(_describe, container, champion.detector), shown))
    found.sort(key=lambda version: (version["created_at"] or "", version["detector_version"]), reverse=True)
    told = [version | {"decides": version["detector_version"] == champion.version} for version in found]
    return {"detector": champion.detector, "versions": told, "count": len(names)}


def _describe(container: Container, detector: str, name: str) -> dict[str, Any]:
    try:
        manifest = container.versions.manifest(detector, name)
    except SealError:
        manifest = {}
    model, rules = manifest.get("model") or {}, manifest.get("rules") or {}
    return {
        "detector_version": name,
        "created_at": manifest.get("created_at"),
        "description": manifest.get("description"),
        "model": model.get("title"),
        "rules": len(rules.get("rules", ())) if manifest else None,
        "trained_on": manifest["training"]["rows"] if manifest else None,
        "from": manifest["training"]["from"] if manifest else None,
        "to": manifest["training"]["to"] if manifest else None,
    }
