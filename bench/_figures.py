"""Figures of the benchmarks, written to a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def write_figures(path: Path | None, figures: Mapping[str, float]) -> None:
    """Write figures, by name, as JSON; without a path, nothing."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"figures": figures}))
