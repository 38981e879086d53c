"""Describe the detector that decides: everything that a dashboard or a form needs."""

from __future__ import annotations

from typing import Any

from tollgate.core.version import DetectorVersion
from tollgate.errors import SealError

_JSON_TYPES = {
    "id": "string",
    "timestamp": "timestamp",
    "categorical": "string",
    "entity": "string",
    "boolean": "boolean",
}


# Of the evaluation; the model card has the rest.
_FIGURES = ("period", "rows", "frauds", "fraud_amount", "curves", "thresholds", "score_histogram")


def describe_detector(version: DetectorVersion) -> dict[str, Any]:
    """Return what the manifest and the evaluation say, in the terms of the API."""
    manifest, evaluation = version.manifest, version.evaluation
    if not evaluation:
        raise SealError(f"The evaluation of version {version.version} is missing or damaged; publish a version again.")
    event_type = version.event_type
    label = event_type.label
    return {
        "detector": version.detector,
        "detector_version": version.version,
        "description": manifest["description"],
        "created_at": manifest["created_at"],
        "event_type": {
            "name": event_type.name,
            "currency": event_type.currency,
            "variables": [_variable(version, column, role) for column, role in event_type.variables.items()],
        },
        "label": label
        and {
            "column": label.column,
            "fraud": label.fraud[0],
            "legitimate": label.legitimate[0],
            "delay_s": label.delay_s,
        },
        "outcomes": manifest["outcomes"],
        "score_scale": evaluation["score_scale"],
        "features": [{"name": feature.name, "description": feature.description} for feature in version.features],
        "models": evaluation["models"],
        "evaluation": {name: evaluation[name] for name in _FIGURES},
        "examples": evaluation["examples"],
        "training": {name: manifest["training"][name] for name in ("rows", "frauds", "from", "to", "data_sha256")},
        "libraries": manifest["libraries"],
    }


def _variable(version: DetectorVersion, column: str, role: str) -> dict[str, Any]:
    event_type = version.event_type
    known = [f.table for f in version.features if f.operation == "share" and f.source == column]
    return {
        "name": column,
        "role": role,
        "type": _JSON_TYPES.get(role, "number"),
        "required": column in (event_type.id, event_type.timestamp),
        "values": list(known[0])[:50] if known else None,
        "entities": [name for name, parts in event_type.entities.items() if column in parts],
    }
