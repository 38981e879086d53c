"""Downgrade of a recorded decision: the rule that took a stronger outcome away, from its record and version."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.search.entry import Entry
from tollgate.errors import SealError, UnavailableError
from tollgate.services.container import Container

_log = logging.getLogger(__name__)

Downgraded = dict[str, str] | None


def downgrade_of(container: Container, answer: Mapping[str, Any]) -> Downgraded:
    """Return what the answer of a decision says of it, None where no rule weakened the outcome, or nobody knows."""
    if not answer.get("rules"):  # as of most events
        return None
    thresholds = _find(container, str(answer["detector"]), str(answer["detector_version"]))
    return None if thresholds is None else thresholds.downgrade_of(answer)


def downgrade_of_entry(container: Container, detector: str, entry: Entry) -> Downgraded:
    """Return the same of a row of the index."""
    kind = entry.kind
    acting = [rule for rule, shadow in kind.rules if not shadow]
    if not acting or entry.score is None or kind.braked or kind.forced:
        return None
    thresholds = _find(container, detector, kind.version)
    return None if thresholds is None else thresholds.downgrade(entry.score, kind.outcome, acting)


def _find(container: Container, detector: str, version: str) -> Thresholds | None:
    try:
        return container.versions.thresholds(detector, version)
    except (SealError, UnavailableError) as error:
        _log.warning("It is not known what a score alone gives in version %s: %s", version, error)
        return None
