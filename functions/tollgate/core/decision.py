"""What a detector version says about events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tollgate.core.event import Events, Floats, Ints
from tollgate.core.features import Matrix, compute_features
from tollgate.core.history import judge_amounts
from tollgate.core.replay import StoredHistories, replay_histories
from tollgate.core.rules.answers import RuleAnswers
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.stored_history import StoredSums, read_history
from tollgate.core.version import DetectorVersion


@dataclass(frozen=True)
class Decisions:
    """What was decided on n events. Probabilities lie between 0 and 1, scores between 0 and 1000.

    ``excess`` is what `judge_amounts` says of them, which the histories remember. ``rules`` says which rules matched;
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


def decide(version: DetectorVersion, events: Events, reads: Mapping[str, Floats], excess: Floats) -> Decisions:
    """Decide on n events, given what each of them read from the histories of its entities, shape (n, k) an entity."""
    features = compute_features(version.features, version.history, events, reads)
    probabilities = version.model.predict(features)
    scores = version.scale.score(probabilities)
    rules = RuleAnswers.of(version.rules, RuleInputs(events, features, scores))
    by_score = [version.outcome(score) for score in scores.tolist()]
    outcomes = rules.outcomes(by_score, version.order)
    return Decisions(probabilities, scores, outcomes, excess, rules, features, reads)


def decide_one(version: DetectorVersion, event: Events, stored: StoredHistories) -> Decisions:
    """Decide on one event on top of the stored histories of its entities."""
    reads = read_histories(version, event, stored)
    return decide(version, event, reads, judge_amounts(version.history, event, reads))


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
    replayed = replay_histories(version.history, events, stored=stored)
    return decide(version, events, replayed.reads, replayed.excess)
