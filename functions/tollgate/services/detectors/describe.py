"""Description of the detector that decides: what a form or a dashboard needs, how well its models did, its versions."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.detectors.score import FALSE_POSITIVE_RATES
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.rules.rule import Rule
from tollgate.core.times.timestamps import write_second
from tollgate.errors import SealError
from tollgate.services.container import Container

_JSON_TYPES = {
    "id": "string",
    "timestamp": "timestamp",
    "categorical": "string",
    "entity": "string",
    "boolean": "boolean",
}
_TRAINING = ("rows", "frauds", "from", "to", "data_sha256")
_EVALUATION = (
    *("models", "period", "rows", "frauds", "fraud_amount", "curves", "thresholds", "score_histogram"),
    *("calibration", "scale_check", "importance", "slices", "unseen_categories", "money", "notes"),
)
_WORKERS = 8


def describe_detector(version: DetectorVersion) -> dict[str, Any]:
    """Return what the manifest says, in the terms of the API, and the lists as they are now."""
    manifest, event_type, label = version.manifest, version.event_type, version.event_type.label
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
        "files": version.file_form.to_json(),
        "label": label
        and {
            "column": label.column,
            "fraud": label.fraud[0],
            "legitimate": label.legitimate[0],
            "delay_s": label.delay_s,
        },
        "outcomes": manifest["outcomes"],
        "outcome_order": list(version.order),
        "score_scale": [{"score": score, "false_positive_rate": rate} for score, rate in FALSE_POSITIVE_RATES[1:-1]],
        "model": _model(version),
        "reasons": _reasons(version),
        "features": [{"name": feature.name, "description": feature.description} for feature in version.features],
        "rules_mode": version.rules.book.mode,
        "rules": [_rule(rule) for rule in sorted(version.rules.book.rules, key=lambda rule: rule.priority)],
        "lists": list(_lists(version)),
        "safety": version.safety.to_json(),
        "examples": version.evaluation.get("examples", []),
        "training": {name: manifest["training"][name] for name in _TRAINING},
        "libraries": manifest["libraries"],
    }


def describe_evaluation(version: DetectorVersion) -> dict[str, Any]:
    """Return how well the models did on events that they had not seen; None for what was not measured.

    Raises `SealError` where the evaluation is missing or damaged, in a version that decides nevertheless.
    """
    if not version.evaluation:
        raise SealError(f"The evaluation of version {version.version} is missing or damaged; publish a version again.")
    named = {"detector": version.detector, "detector_version": version.version}
    return named | {name: version.evaluation.get(name) for name in _EVALUATION}


def list_versions(container: Container, limit: int, detector: str | None = None) -> dict[str, Any]:
    """Return the newest versions in the bucket, the newest first, and how many there are.

    One whose manifest is not as sealed has a null in place of what it says. Raises `UnavailableError`.
    """
    champion = container.champion(detector)
    names = container.versions.names(champion.detector)
    shown = names[:limit]
    with ThreadPoolExecutor(_WORKERS) as pool:
        found = list(pool.map(partial(_describe_version, container.versions, champion.detector), shown))
    found.sort(key=lambda version: (version["created_at"] or "", version["detector_version"]), reverse=True)
    listed = [version | {"decides": version["detector_version"] == champion.version} for version in found]
    return {"detector": champion.detector, "versions": listed, "count": len(names)}


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


def _model(version: DetectorVersion) -> dict[str, Any] | None:
    """Return which model scores; None where rules alone decide."""
    model = version.manifest.get("model")
    return model and {
        "kind": model["kind"],
        "title": model["title"],
        "imbalance": model["imbalance"],
        "brought": model.get("brought_sha256") is not None,
    }


def _reasons(version: DetectorVersion) -> dict[str, Any]:
    """Return of which kind the reasons are: exact, approximate, or none."""
    sealed = version.manifest.get("reasons") or {}
    method = sealed.get("method")
    kind = "none" if method is None else "approximate" if method == "lime" else "exact"
    return {"kind": kind, "method": method, "stability": sealed.get("stability"), "gap": sealed.get("gap")}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "expression": " ".join(rule.when.split()),
        "outcome": rule.outcome,
        "priority": rule.priority,
        "enabled": rule.enabled,
        "shadow": rule.shadow,
        "expires_at": None if rule.expires_us is None else write_second(rule.expires_us / 1e6),
    }


def _lists(version: DetectorVersion) -> Iterator[dict[str, Any]]:
    """Yield the lists with how many values they have now, and since when."""
    for name, members in version.rules.book.lists.items():
        sealed = members.changed_s is None
        yield {
            "name": name,
            "kind": members.kind,
            "entries": len(members.values),
            "sealed": sealed,
            "changed_at": version.manifest["created_at"] if sealed else write_second(members.changed_s or 0.0),
        }


def _describe_version(versions: VersionStore, detector: str, name: str) -> dict[str, Any]:
    try:
        manifest = versions.manifest(detector, name)
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
