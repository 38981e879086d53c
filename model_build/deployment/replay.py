"""Replay of a deployed decision from its record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tollgate.adapters import clients
from tollgate.adapters.dynamodb.decisions import DecisionRecord, DecisionTable
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.decisions.decision import Decision, Downgrade
from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.decisions.recompute import Difference, compare, rebuild_reasons, recompute
from tollgate.core.detectors.version import DetectorVersion
from tollgate.errors import InputError, NotFoundError
from tollgate.runtime import describe_runtime

from model_build.cli.version_folder import find_version
from model_build.deployment.publish import open_folder


@dataclass(frozen=True)
class Replay:
    """A decision as it was answered and as it is computed now; ``differences`` is empty if both are the same.

    ``then`` and ``now`` name the libraries that each was made with; ``downgraded`` names the rule that weakened the
    outcome, and the outcome that it replaced.
    """

    decision: Decision
    again: Decision
    differences: tuple[Difference, ...]
    then: str
    now: str
    downgraded: Downgrade | None = None


def replay_decision(
    event_id: str, detector: str, decisions_table: str, bucket: str | None, folder: Path | None
) -> Replay:
    """Recompute a stored decision with the version from ``folder``, or else from the bucket, and compare the two.

    Raises `NotFoundError` if there is no such decision, `InputError` if its record lacks the values that it read, and
    `SealError` for a version that is missing or damaged.
    """
    record = DecisionTable(clients.dynamodb(), decisions_table).find(detector, event_id)
    if record is None:
        raise NotFoundError(
            f'There is no decision on event "{event_id}" by detector "{detector}" in {decisions_table}; check the ID.'
        )
    if record.reads is None:
        raise InputError(
            "This decision cannot be replayed: its record is from an older release and lacks the values that were read."
        )
    version = _open(record, detector, bucket, folder)
    decision = record.decision
    if record.reasons is not None:
        explanation = rebuild_reasons(version, record.event, record.reads, decision, list(record.reasons))
        decision = decision.explained_by(explanation)
    again, excess = recompute(version, record.event, record.reads, decision)
    differences = compare(decision, again)
    if excess != record.excess:
        differences += (Difference("excess of the amount", record.excess, excess),)
    taken = Thresholds.of(version).downgrade_of(again)
    return Replay(decision, again, differences, record.runtime, describe_runtime(), taken)


def _open(record: DecisionRecord, detector: str, bucket: str | None, folder: Path | None) -> DetectorVersion:
    name = record.decision.detector_version
    if folder is not None:
        # A detector's folder has the version that decided among others.
        return open_folder(folder / name if (folder / name).is_dir() else find_version(folder))
    if bucket is None:
        raise InputError("Give --bucket or --folder to find the version.")
    return VersionStore(clients.s3(), bucket, refresh_s=0).open(detector, name)
