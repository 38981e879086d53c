"""Downgrade of a recorded decision: the rule that took a stronger outcome away, from its record and version."""

from __future__ import annotations

import logging

from tollgate.core.decisions.decision import Decision, Downgrade
from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.search.entry import Entry
from tollgate.errors import SealError, UnavailableError
from tollgate.services.container import Container

_log = logging.getLogger(__name__)


def downgrade_of(container: Container, decision: Decision) -> Downgrade | None:
    """Return what the record of a decision says of it, None where no rule weakened the outcome, or nobody knows."""
    if not decision.rules:  # as of most events
        return None
    thresholds = _find(container, decision.detector, decision.detector_version)
    return None if thresholds is None else thresholds.downgrade_of(decision)


def downgrade_of_entry(container: Container, detector: str, entry: Entry) -> Downgrade | None:
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
