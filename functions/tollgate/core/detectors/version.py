"""Detector version: one sealed, immutable build of a detector, opened from its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from tollgate.core.detectors.manifest import SealedDetector
from tollgate.core.detectors.model import MissingModel, Model
from tollgate.core.detectors.score import TOP_SCORE
from tollgate.core.events.event import Ints
from tollgate.core.explanations.archive import SealedReasons
from tollgate.core.explanations.groups import Group, GroupOrder, group_features
from tollgate.core.features.pipeline import FeatureSteps
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.times.clock_skew import SkewLimit
from tollgate.core.times.timestamps import to_microseconds
from tollgate.errors import RuleError, SealError

MANIFEST = "detector.json"
MODEL = "model.onnx"
EVALUATION = "evaluation.json"
REASONS = "reasons.npz"
# What a version may be sealed with; `check_seal` says which of them it was.
VERSION_FILES = (MANIFEST, MODEL, EVALUATION, REASONS)
FORMAT = 3


@dataclass(frozen=True, eq=False, kw_only=True)
class DetectorVersion(SealedDetector):
    """All that is needed to decide: what `open_version` found under the seal.

    ``manifest`` is all of it, also what is not needed to decide. ``reasons`` is None in a version that was trained
    without them.
    """

    version: str
    model: Model
    rules: RuleSet
    manifest: Mapping[str, Any]
    evaluation: Mapping[str, Any]
    reasons: SealedReasons | None = None

    def skew_limit(self, now: datetime) -> SkewLimit:
        """Return how far events may lie ahead of the server's clock, at a moment."""
        now_us = to_microseconds(now) // 1000 * 1000
        return SkewLimit(self.event_type.timestamp, now_us, self.event_type.max_ahead_s, self.safety.clock == "now")

    @property
    def is_whole(self) -> bool:
        """Whether the version has its model."""
        return not isinstance(self.model, MissingModel)

    @cached_property
    def trained_until_s(self) -> float:
        """When the training data ended, in seconds since 1970; without any, when the version was sealed.

        Earlier events were counted in the histories that it left already, with labels that nobody knew yet.
        """
        return datetime.fromisoformat(self.manifest["training"]["to"]).timestamp()

    @cached_property
    def feature_steps(self) -> FeatureSteps:
        """How the features are computed."""
        return FeatureSteps.of(self.features, self.history)

    @cached_property
    def reason_groups(self) -> tuple[Group, ...]:
        """The features, grouped to the names under which reasons are told."""
        return group_features(self.features, self.event_type.entities)

    @cached_property
    def reason_order(self) -> GroupOrder:
        """The features in the order of their groups."""
        return GroupOrder.of(self.reason_groups)

    @cached_property
    def history_space(self) -> str:
        """The name under which this detector's histories are stored; versions that keep the same sums share them."""
        return f"{self.detector}.{self.history.fingerprint}"

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All outcomes from weak to strong: those that scores have, and those that only rules give."""
        scored = tuple(outcome.name for outcome in self.outcomes)
        given = {*scored, *(rule.outcome for rule in self.rules.book.rules)}
        return tuple(name for name in self.rules.book.order if name in given) or scored

    @cached_property
    def withheld_from(self) -> int:
        """The place in `order` from which on outcomes do not let an event through."""
        return self.safety.withheld_from(self.order)

    def lets_through(self, outcome: str) -> bool:
        """Return whether an event that was given this outcome is let through."""
        return outcome not in self.order[self.withheld_from :]

    @cached_property
    def ranks_by_score(self) -> Ints:
        """The place in `order` of the outcome of each score 0 to 1000."""
        return np.array([self.order.index(self.outcome(score)) for score in range(TOP_SCORE + 1)], dtype=np.int64)

    def outcome(self, score: int) -> str:
        """Return the strongest outcome that ``score`` reaches; rules may say otherwise."""
        return next(outcome.name for outcome in reversed(self.outcomes) if score >= outcome.from_score)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hex."""
    return hashlib.sha256(content).hexdigest()


def version_name(created_at: str, manifest: bytes) -> str:
    """Return the name of a version: its day and the hash of its manifest, so that the name seals the manifest too."""
    return f"{created_at[:10].replace('-', '')}-{sha256(manifest)[:16]}"


def check_seal(name: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the manifest of a version folder; raise `SealError` unless every byte is what was sealed."""
    manifest = read_manifest(name, files)
    for file, expected in manifest["files"].items():
        if file not in files:
            raise SealError(f"Version {name} lacks its file {file}; publish the whole folder again.")
        if sha256(files[file]) != expected:
            raise SealError(f"{file} of version {name} was changed after sealing; publish the sealed folder again.")
    return manifest


def read_manifest(name: str, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the manifest of a version folder; raise `SealError` unless every byte of it is what was sealed."""
    if MANIFEST not in files:
        raise SealError(f"Version {name} has no {MANIFEST}; publish the whole folder again.")
    if name.rpartition("-")[2] != sha256(files[MANIFEST])[:16]:
        raise SealError(f"{MANIFEST} of version {name} was changed after sealing; publish the sealed folder again.")
    manifest: dict[str, Any] = json.loads(files[MANIFEST])
    sealed_name = version_name(manifest["created_at"], files[MANIFEST])
    if name != sealed_name:
        raise SealError(f"Version {name} was sealed as {sealed_name}; give its folder that name again.")
    if manifest["format"] != FORMAT:
        raise SealError(f"Version {name} has format {manifest['format']}; this Tollgate reads {FORMAT}: train it anew.")
    return manifest


def open_version(name: str, files: Mapping[str, bytes]) -> DetectorVersion:
    """Open a version from the contents of its files, by file name.

    Raises `SealError` when a file is missing or differs in any byte from what was sealed.
    """
    return _open(name, files, check_seal(name, files))


def open_without_model(name: str, files: Mapping[str, bytes], reason: str) -> DetectorVersion:
    """Open a version of which some files are missing or damaged, for decisions without a score.

    The manifest has to be whole: it holds rules, event type, and that the detector chose to decide nevertheless. Raises
    `SealError` when it is not, or when the detector did not choose so. ``reason`` is what its model then fails with.
    """
    if MANIFEST not in files:
        raise SealError(reason)
    manifest = read_manifest(name, files)
    if manifest.get("safety", {}).get("fail", "none") == "none":
        raise SealError(reason)
    sealed = manifest["files"].get(EVALUATION)
    kept = {EVALUATION: files[EVALUATION]} if sealed and sha256(files.get(EVALUATION, b"")) == sealed else {}
    return _open(name, kept, {**manifest, "files": {}}, MissingModel(reason))


def _open(
    name: str, files: Mapping[str, bytes], manifest: Mapping[str, Any], model: Model | None = None
) -> DetectorVersion:
    sealed = SealedDetector.from_manifest(manifest)
    return DetectorVersion(
        **{key.name: getattr(sealed, key.name) for key in fields(sealed)},
        version=name,
        model=model or Model(files[MODEL]),
        rules=_compile_rules(name, sealed),
        manifest=manifest,
        evaluation=json.loads(files[EVALUATION]) if EVALUATION in files else {},
        reasons=SealedReasons(files[REASONS]) if REASONS in manifest["files"] else None,
    )


def _compile_rules(name: str, sealed: SealedDetector) -> RuleSet:
    try:
        return RuleSet.of(sealed.rule_book, sealed.event_type, sealed.features)
    except RuleError as error:
        raise SealError(f"A rule of version {name} cannot be read: {error}; seal the detector anew.") from error
