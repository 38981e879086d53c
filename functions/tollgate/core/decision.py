"""What a detector version says about events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tollgate.core.event import Events, Floats, Ints
from tollgate.core.features import compute_features
from tollgate.core.replay import Arrivals, replay
from tollgate.core.stored_history import StoredSums, read_history
from tollgate.core.version import DetectorVersion

# Entity → its key → the stored sums.
StoredHistories = Mapping[str, Mapping[str, StoredSums]]


@dataclass(frozen=True)
class Decisions:
    """What was decided on n events. Probabilities lie between 0 and 1, scores between 0 and 1000."""

    probabilities: Floats
    scores: Ints
    outcomes: tuple[str, ...]


def decide(version: DetectorVersion, events: Events, histories: Mapping[str, Floats]) -> Decisions:
    """Decide on n events, given what each of them read from the histories of its entities, shape (n, k) an entity."""
    features = compute_features(version.features, version.history, events, histories)
    probabilities = version.model.predict(features)
    scores = version.scale.score(probabilities)
    return Decisions(probabilities, scores, tuple(version.outcome(score) for score in scores.tolist()))


def read_histories(version: DetectorVersion, event: Events, stored: StoredHistories) -> dict[str, Floats]:
    """Return what one event reads from the stored histories of its entities; NaN for an entity that it lacks."""
    nothing: StoredSums = {}
    time_s = float(event.times_s[0])
    reads = {}
    for entity, keys in event.entities.items():
        code = int(keys.codes[0])
        sums = stored.get(entity, {}).get(keys.values[code], nothing) if code >= 0 else nothing
        read = read_history(version.history, entity, sums, time_s)
        reads[entity] = (read if code >= 0 else read * float("nan"))[None, :]
    return reads


def decide_in_order(version: DetectorVersion, events: Events, stored: StoredHistories) -> Decisions:
    """Decide on n events in order of time, each seeing the ones before it on top of what is stored.

    The decisions come in the order of the rows.
    """
    arrivals = Arrivals.of(events)
    histories = {
        entity: replay(version.history, entity, events, arrivals, stored.get(entity)) for entity in events.entities
    }
    return decide(version, events, histories)
