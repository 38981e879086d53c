"""Decisions of a detector version on events: histories read, features computed, scores, rules and outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.features.feature import Matrix
from tollgate.core.history.labels import NOTHING_WITHHELD, Withheld
from tollgate.core.history.plan import amount_excess_of_one
from tollgate.core.history.replay import replay_histories
from tollgate.core.history.stored import NO_SUMS, StoredHistories, StoredSums, read_all
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.rules.matches import RuleAnswers

# As many events as have sums that fit the processor's cache together.
_BLOCK_EVENTS = 4096


@dataclass(frozen=True)
class Decisions:
    """What was decided on n events. Probabilities lie between 0 and 1, scores between 0 and 1000.

    ``excess`` is what `amount_excess` says of them, which the histories remember. ``rules`` says which rules matched;
    they and the scores give the outcomes. ``features``, (n, f), and ``reads``, (n, k) an entity, are what was decided
    from. Without a model, a probability is NaN and a score -1.
    """

    probabilities: Floats
    scores: Ints
    outcomes: tuple[str, ...]
    excess: Floats
    rules: RuleAnswers
    features: Matrix
    reads: Mapping[str, Floats]

    def answer(self, row: int = 0) -> dict[str, Any]:
        """Return what is answered of an event: score and probability are None without a model."""
        known = self.scores[row] >= 0
        return {
            "score": int(self.scores[row]) if known else None,
            "probability": float(self.probabilities[row]) if known else None,
            "outcome": self.outcomes[row],
            "rules": [asdict(hit) for hit in self.rules.hits(row)],
            "lists": [asdict(asked) for asked in self.rules.lists(row)],
        }


def decide(version: DetectorVersion, events: Events, reads: Mapping[str, Floats], excess: Floats) -> Decisions:
    """Decide on n events, given what each of them read from the histories of its entities, shape (n, k) an entity."""
    return _decide_on(version, events, reads, excess, compute_in_parts(version, events, reads, excess))


def _decide_on(
    version: DetectorVersion, events: Events, reads: Mapping[str, Floats], excess: Floats, features: Matrix
) -> Decisions:
    probabilities = version.model.predict(features)
    scores = version.scale.score(probabilities)
    rules = RuleAnswers.of(version.rules, RuleInputs(events, features, scores))
    by_score = [version.outcome(score) for score in scores.tolist()]
    outcomes = rules.outcomes(by_score, version.order)
    return Decisions(probabilities, scores, outcomes, excess, rules, features, reads)


def compute_in_parts(version: DetectorVersion, events: Events, reads: Mapping[str, Floats], excess: Floats) -> Matrix:
    """Return the features of n events, (n, f), without the sums of a whole file side by side in memory."""
    parts = []
    for start in range(0, max(len(events), 1), _BLOCK_EVENTS):
        stop = min(start + _BLOCK_EVENTS, len(events))
        sums = version.history.layout.side_by_side(reads, start, stop)
        parts.append(version.feature_steps.columns(events.part(start, stop), sums, excess[start:stop]))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def decide_one(version: DetectorVersion, event: Events, stored: StoredHistories) -> Decisions:
    """Decide on one event on top of the stored histories of its entities: as `decide` does, to the bit, but quicker."""
    sums = _read_sums(version, event, stored)
    excess = amount_excess_of_one(version.history, event, sums)
    features = version.feature_steps.one(event, sums, excess)
    return _decide_on(version, event, _by_entity(version, sums), np.array([excess]), features)


def read_histories(version: DetectorVersion, event: Events, stored: StoredHistories) -> dict[str, Floats]:
    """Return what one event reads from the stored histories, (1, k) an entity; NaN for an entity that it lacks."""
    return _by_entity(version, _read_sums(version, event, stored))


def _read_sums(version: DetectorVersion, event: Events, stored: StoredHistories) -> list[float]:
    whose: dict[str, StoredSums | None] = {
        entity: None if (key := keys.only) is None else stored.get(entity, {}).get(key, NO_SUMS)
        for entity, keys in event.entities.items()
    }
    return read_all(version.history, whose, event.times_s.item())


def _by_entity(version: DetectorVersion, sums: Sequence[float]) -> dict[str, Floats]:
    row = np.array(sums, dtype=np.float64)[None, :]
    return {entity: row[:, part] for entity, part in version.history.layout.parts.items()}


def decide_in_order(version: DetectorVersion, events: Events, stored: StoredHistories) -> Decisions:
    """Decide on n events in order of time, each seeing the ones before it on top of what is stored.

    The decisions come in the order of the rows.
    """
    withheld = NOTHING_WITHHELD.rows
    while True:
        told = Withheld(withheld, np.full(len(withheld), np.inf))
        replayed = replay_histories(version.history, events, stored=stored, withheld=told)
        decisions = decide(version, events, replayed.reads, replayed.excess)
        found = np.flatnonzero([not version.lets_through(outcome) for outcome in decisions.outcomes])
        # An event depends on earlier ones alone: what is right up to some event stays right, and reaches further.
        if np.array_equal(found, withheld):
            return decisions
        withheld = found
