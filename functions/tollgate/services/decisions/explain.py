"""Explanation of a recorded decision, by the version that decided."""

from __future__ import annotations

import logging
from typing import Any

from tollgate.adapters.dynamodb.decisions import DecisionRecord
from tollgate.core.decisions.recompute import explain_again, rebuild_reasons
from tollgate.core.explanations.explain import Wanted, max_reasons
from tollgate.errors import SealError
from tollgate.services.container import Container

_log = logging.getLogger(__name__)


def explain_decision(container: Container, record: DecisionRecord, wanted: Wanted | None = None) -> dict[str, Any]:
    """Return what a decision's answer says of its reasons: those that it was given with, or as many as are ``wanted``.

    Nothing is said where there are none: of a degraded decision, or where the version is no longer in the bucket.
    Raises `UnavailableError` where it could not be read.
    """
    answer = record.answer
    told = record.reasons is not None if wanted is None else wanted != "none"
    if not told or record.reads is None or answer.get("degraded"):
        return {}
    try:
        version = container.versions.pinned(str(answer["detector"]), str(answer["detector_version"]))
    except SealError as error:
        _log.warning("A decision's reasons cannot be told: %s", error)
        return {}
    if wanted is None:
        return rebuild_reasons(version, record.event, record.reads, answer, list(record.reasons or ()))
    return explain_again(version, record.event, record.reads, answer, max_reasons(wanted))
