"""Announcement of a scored file: metrics, and one event on the bus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tollgate.core.decisions.metrics import DETECTOR, EVENTS_AHEAD, Metric
from tollgate.services.container import Container

SCORED = "File scored"
_PUBLISHED_FIELDS = (
    "batch_id",
    "detector",
    "detector_version",
    "results",
    "rows",
    "scored",
    "failed",
    "outcomes",
    "rules",
)


def publish_batch(container: Container, summary: Mapping[str, Any]) -> None:
    """Count the rows of a file, and put one event for the file on the bus."""
    dimensions = ((DETECTOR, str(summary["detector"])),)
    metrics = [
        Metric("FileScored", dimensions),
        Metric("FileRowsScored", dimensions, float(summary["scored"])),
        Metric("FileRowsFailed", dimensions, float(summary["failed"])),
    ]
    if ahead := summary.get("ahead"):  # a file begun by older code has none
        metrics.append(Metric(EVENTS_AHEAD, dimensions, float(ahead)))
    if not container.events.put(SCORED, {name: summary[name] for name in _PUBLISHED_FIELDS}):
        metrics.append(Metric("EventNotPut", dimensions))
    container.metrics.write(metrics)
