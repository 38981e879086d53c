"""Decision core: from events and the histories that they read to features, scores, rules and outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events, Floats, Ints
from tollgate.core.features.feature import Matrix
from tollgate.core.features.pipeline import FeatureSteps
from tollgate.core.history.layout import Layout
from tollgate.core.history.plan import HistoryPlan, amount_excess, amount_excess_of_one
from tollgate.core.history.stored import NO_SUMS, StoredHistories, StoredSums, read_all
from tollgate.core.rules.matches import ListAnswer, RuleAnswers, RuleHit
from tollgate.core.rules.scope import RuleInputs

# As many events as have sums that fit the processor's cache together. With a power of two, all cells of a row would
# have the same few places in it: measured in docs/adr/0126.
BLOCK_EVENTS = 2000


class Run(Protocol):
    """Runs a function on each block: `map`, or the same of a pool of threads."""

    def __call__(self, work: Callable[[slice], None], blocks: Sequence[slice], /) -> Iterable[None]:
        """Return what the function returns, in the order of the blocks."""


@dataclass(frozen=True)
class Reads:
    """What n events read from the histories of their entities: ``sums``, (n, k) an entity, in the plan's order.

    ``excess`` is what `amount_excess` says of them, (n,), which the histories remember.
    """

    sums: Mapping[str, Floats]
    excess: Floats

    @classmethod
    def of(cls, plan: HistoryPlan, events: Events, sums: Mapping[str, Floats]) -> Reads:
        """Judge the amounts of events by the sums that they read."""
        return cls(sums, amount_excess(plan, events, sums))

    @classmethod
    def side_by_side(cls, layout: Layout, sums: Floats, excess: Floats) -> Reads:
        """Take sums that lie side by side, (n, k), as views."""
        return cls({entity: sums[:, part] for entity, part in layout.parts.items()}, excess)

    def part(self, block: slice) -> Reads:
        """Return what some rows read, as views."""
        return Reads({entity: sums[block] for entity, sums in self.sums.items()}, self.excess[block])


@dataclass(frozen=True)
class Verdict:
    """What a version says of one event: score and probability are None without a model."""

    score: int | None
    probability: float | None
    outcome: str
    rules: tuple[RuleHit, ...]
    lists: tuple[ListAnswer, ...]


@dataclass(frozen=True)
class Decisions:
    """What was decided on n events. Probabilities lie between 0 and 1, scores between 0 and 1000.

    ``ranks`` are places in ``order``, all outcomes from weak to strong. ``rules`` says which rules matched; they and
    the scores give the outcomes. ``features``, (n, f), and ``reads`` are what was decided from. Without a model, a
    probability is NaN and a score -1.
    """

    probabilities: Floats
    scores: Ints
    ranks: Ints
    order: tuple[str, ...]
    rules: RuleAnswers
    features: Matrix
    reads: Reads

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The names of the outcomes."""
        return tuple([self.order[rank] for rank in self.ranks.tolist()])

    def verdict(self, row: int = 0) -> Verdict:
        """Return what is said of one event."""
        score = int(self.scores[row])
        return Verdict(
            score if score >= 0 else None,
            float(self.probabilities[row]) if score >= 0 else None,
            self.outcomes[row],
            tuple(self.rules.hits(row)),
            tuple(self.rules.lists(row)),
        )


def blocks_of(count: int) -> list[slice]:
    """Return the blocks of rows in which n events are decided on."""
    return [slice(start, min(start + BLOCK_EVENTS, count)) for start in range(0, max(count, 1), BLOCK_EVENTS)]


def decide(version: DetectorVersion, events: Events, reads: Reads) -> Decisions:
    """Decide on n events, given what each of them read."""
    features = compute_in_blocks(version.feature_steps, version.history.layout, events, reads)
    return _decide_on(version, events, reads, features)


def _decide_on(version: DetectorVersion, events: Events, reads: Reads, features: Matrix) -> Decisions:
    probabilities = version.model.predict(features)
    scores = version.scale.score(probabilities)
    rules = RuleAnswers.of(version.rules, RuleInputs(events, features, scores))
    ranks = rules.ranks(version.ranks_by_score.take(scores), version.order)
    return Decisions(probabilities, scores, ranks, version.order, rules, features, reads)


def compute_in_blocks(steps: FeatureSteps, layout: Layout, events: Events, reads: Reads, run: Run = map) -> Matrix:
    """Return the features of n events, (n, f), without the sums of all of them side by side in memory."""

    def compute(block: slice) -> Matrix:
        sums = layout.side_by_side(reads.sums, block.start, block.stop)
        return steps.columns(events.part(block.start, block.stop), sums, reads.excess[block])

    blocks = blocks_of(len(events))
    if len(blocks) == 1:
        return compute(blocks[0])
    matrix = np.empty((len(events), len(steps.order)), dtype=np.float32)

    def fill(block: slice) -> None:
        matrix[block] = compute(block)

    for _ in run(fill, blocks):
        pass
    return matrix


def decide_one(version: DetectorVersion, event: Events, stored: StoredHistories) -> Decisions:
    """Decide on one event on top of the stored histories of its entities: as `decide` does, to the bit, but quicker."""
    sums = _read_sums(version, event, stored)
    excess = amount_excess_of_one(version.history, event, sums)
    features = version.feature_steps.one(event, sums, excess)
    return _decide_on(version, event, Reads(_by_entity(version, sums), np.array([excess])), features)


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


def decide_degraded(version: DetectorVersion, event: Events, stored: StoredHistories | None) -> Decisions:
    """Decide on one event without a score; ``stored`` None says that its histories are not known."""
    reads = read_histories(version, event, stored or {})
    # Read as empty, an unknown history would make everybody a new customer.
    known = reads if stored is not None else {entity: np.full_like(read, np.nan) for entity, read in reads.items()}
    return decide_without_score(version, event, known)


def decide_without_score(version: DetectorVersion, event: Events, known: Mapping[str, Floats]) -> Decisions:
    """Decide on one event without a score, given what it read, shape (1, k) an entity; NaN is not known.

    With ``fail`` "rules_only" the rules are asked, to which the score, and features of histories that are not known,
    are missing values; where none matches, the weakest outcome holds. Otherwise the outcome is fixed and no rule is
    asked. The probability is NaN and the score -1.
    """
    judged = Reads.of(version.history, event, known)
    features = compute_in_blocks(version.feature_steps, version.history.layout, event, judged)
    nothing = np.array([np.nan])
    asked = version.rules
    if version.safety.fail != "rules_only":
        asked = replace(asked, rules=(), names=())
    rules = RuleAnswers.of(asked, RuleInputs(event, features, nothing))
    outcome = version.safety.review if version.safety.fail == "review" else version.order[0]
    if version.safety.fail == "rules_only":
        (outcome,) = rules.outcomes([outcome], version.order)
    rank = np.array([version.order.index(outcome)])
    return Decisions(nothing, np.array([-1]), rank, version.order, rules, features, judged)
