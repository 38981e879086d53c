"""Excluded features: those that a detector file hides from its models and rules."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from tollgate.core.features.feature import Feature
from tollgate.errors import TrainingDataError, suggest


def drop_features(features: Sequence[Feature], patterns: Sequence[str]) -> tuple[Feature, ...]:
    """Return the features whose names match none of the patterns (`fnmatch`)."""
    return tuple(f for f in features if not any(fnmatchcase(f.name, pattern) for pattern in patterns))


def exclude_features(features: Sequence[Feature], patterns: Sequence[str]) -> tuple[Feature, ...]:
    """Return the features whose names match none of the patterns.

    Raises `TrainingDataError` when a pattern matches no feature, or nothing is left.
    """
    for pattern in patterns:
        if not any(fnmatchcase(feature.name, pattern) for feature in features):
            nearest = suggest(pattern, [feature.name for feature in features])
            raise TrainingDataError(f'[training] leave_out has "{pattern}", but no feature matches it{nearest}.')
    kept = drop_features(features, patterns)
    if not kept:
        raise TrainingDataError("[training] leave_out excludes every feature; remove a pattern.")
    return kept
