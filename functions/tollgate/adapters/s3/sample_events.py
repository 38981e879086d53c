"""Store of the past events of detector versions: read from the bucket when they are first asked for, then kept."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.detectors.sample_events import PAST_EVENTS, PastEvents, open_past_events
from tollgate.core.detectors.version import DetectorVersion

# Some tens of megabytes each: those of the version that decides, and of the one before it.
_MAX_KEPT = 2


@dataclass
class PastEventStore:
    """Opens past events, and keeps those of the last versions asked for. Any number of threads may use it."""

    versions: VersionStore
    _kept: OrderedDict[tuple[str, str], PastEvents] = field(default_factory=OrderedDict, repr=False)

    def read(self, version: DetectorVersion) -> PastEvents:
        """Return the past events of a version that has some.

        Raises `SealError` unless they are as sealed, `UnavailableError` when the bucket does not answer.
        """
        place = version.detector, version.version
        kept = self._kept.get(place)
        if kept is None:
            kept = open_past_events(version, self.versions.read_file(*place, PAST_EVENTS))
            self._kept[place] = kept
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        return kept
