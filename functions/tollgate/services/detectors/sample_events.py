"""Sample events of a version, for endpoints that show or ask them."""

from __future__ import annotations

from tollgate.core.detectors.sample_events import PastEvents, has_past_events
from tollgate.core.detectors.version import DetectorVersion
from tollgate.errors import NotFoundError
from tollgate.services.container import Container


def read_past_events(container: Container, version: DetectorVersion) -> PastEvents:
    """Return the past events of a version, which are read once and kept.

    Raises `NotFoundError` where it was sealed without, `SealError` where they are not what was sealed, and
    `UnavailableError` when the bucket does not answer.
    """
    if not has_past_events(version):
        raise NotFoundError(
            f"Version {version.version} was sealed without past events; train it again, with past_events in [training] "
            "above 0."
        )
    return container.past_events.read(version)
