"""Rules on past events, before they are switched on: what each would have caught, saved, disturbed and added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from tollgate.core.event import Floats, Ints
from tollgate.core.feature import Matrix
from tollgate.core.replay import replay_histories
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.rules.scope import SCORE
from tollgate.core.version import DetectorVersion
from tollgate.errors import DetectorFileError

from model_build.costs import Costs, PricedEvents
from model_build.data import LabelledEvents, read_labelled_events
from model_build.detector_file import DetectorFile
from model_build.learnt import thread_count
from model_build.material import Progress, build_matrix, read_material

Bools = npt.NDArray[np.bool_]
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Hits:
    """Some events: how many, how many were fraud, how many legitimate, and what the frauds would have cost.

    ``saved`` is in the currency of the amount; None where a missed fraud has no price, or the rule approves.
    """

    events: int
    frauds: int
    legitimate: int
    saved: float | None

    @property
    def precision(self) -> float | None:
        """Share of frauds among the labelled events; None where there are none."""
        labelled = self.frauds + self.legitimate
        return self.frauds / labelled if labelled else None


@dataclass(frozen=True)
class TriedRule:
    """What one rule does on past events, alone and beyond the rules before it.

    ``disturbed`` counts the customers, those of the first entity, with a legitimate event that the rule hits, or such
    events where there is no entity; a rule that approves disturbs nobody. ``spent`` is what its hits cost under
    [costs]. ``lacking`` counts the events in which a value that the rule reads is missing.
    """

    rule: Rule
    hits: Hits
    added: Hits
    disturbed: int
    spent: float | None
    lacking: int

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON, with the precision of the hits."""
        return asdict(self) | {"precision": self.hits.precision, "rule": self.rule.name, "outcome": self.rule.outcome}


@dataclass(frozen=True)
class RuleTrial:
    """All rules in the order in which they are asked, on events of which some were fraud."""

    rules: tuple[TriedRule, ...]
    events: int
    frauds: int


def try_rules(path: Path, file: DetectorFile, version: DetectorVersion | None, progress: Progress) -> RuleTrial:
    """Ask every rule of a detector file about labelled events, as if it were switched on and acted.

    Features and scores are those that the events would have got on arrival. Rules that read the score need a
    ``version`` to give it. Raises `DetectorFileError` where there is none, or no rule; `TableError` and
    `TrainingDataError` for data that cannot be read.
    """
    if not file.rules.rules:
        raise DetectorFileError("The detector file has no [[rules]] to test.")
    data = read_labelled_events(path, file.event_type, file.file_form)
    inputs, rules = _prepare(data, file, version, progress)
    progress(f"Asking {len(rules.rules)} rules")
    matched, lacking = rules.match(inputs), rules.lacking(inputs)
    tried = _Trial(data, file)
    before = np.zeros(len(data.events), dtype=bool)
    found = []
    for place, compiled in enumerate(rules.rules):
        found.append(tried.measure(compiled.rule, matched[place], before, int(lacking[place].sum())))
        before |= matched[place]
    return RuleTrial(tuple(found), len(data.events), int((data.labels == 1).sum()))


def _prepare(
    data: LabelledEvents, file: DetectorFile, version: DetectorVersion | None, progress: Progress
) -> tuple[RuleInputs, RuleSet]:
    asked = tuple(replace(rule, enabled=True, shadow=False) for rule in file.rules.rules)
    book = RuleBook("ALL_MATCHED", asked, file.rules.lists, file.rules.order)
    if version is None:
        material = read_material(data, file, np.arange(len(data.events)), progress)
        rules = RuleSet.of(book, file.event_type, material.features)
        for compiled in rules.rules:
            if SCORE in compiled.names:
                needs = "reads the score; give a sealed version with --version, whose model then scores the events"
                raise DetectorFileError(f'Rule "{compiled.rule.name}" {needs}.')
        return RuleInputs(data.events, material.matrix, np.zeros(len(data.events), dtype=np.int64)), rules
    matrix, scores = _score(data, version, progress)
    return RuleInputs(data.events, matrix, scores), RuleSet.of(book, version.event_type, version.features)


def _score(data: LabelledEvents, version: DetectorVersion, progress: Progress) -> tuple[Matrix, Ints]:
    progress(f"Replaying and scoring {len(data.events):,} events")
    replayed = replay_histories(version.history, data.events, data.frauds, threads=thread_count())
    matrix = build_matrix(version.features, version.history, data.events, replayed)
    return matrix, version.scale.score(version.model.predict(matrix))


class _Trial:
    """Counts hits over the same events, rule by rule."""

    def __init__(self, data: LabelledEvents, file: DetectorFile) -> None:
        events = data.events
        self._fraud, self._legitimate = data.labels == 1, data.labels == 0
        self._costs, self._order = file.costs, file.rules.order
        self._losses = None if file.costs is None else _losses(data, file.costs)
        entities = list(events.entities.values())
        self._customers = entities[0].codes if entities else np.arange(len(events))

    def measure(self, rule: Rule, matched: Bools, before: Bools, lacking: int) -> TriedRule:
        approves = rule.outcome == self._order[0]
        wronged = self._customers[matched & self._legitimate]
        return TriedRule(
            rule=rule,
            hits=self._count(matched, approves=approves),
            added=self._count(matched & ~before, approves=approves),
            disturbed=0 if approves else len(np.unique(wronged[wronged >= 0])),
            spent=None if self._costs is None or approves else self._spend(rule, matched, self._costs),
            lacking=lacking,
        )

    def _count(self, rows: Bools, *, approves: bool) -> Hits:
        losses = self._losses
        saved = None if losses is None or approves else round(float(losses[rows].sum()), 2)
        return Hits(int(rows.sum()), int((rows & self._fraud).sum()), int((rows & self._legitimate).sum()), saved)

    def _spend(self, rule: Rule, matched: Bools, costs: Costs) -> float:
        """Return what the hits cost: the strongest outcome blocks, any other between is a review."""
        if rule.outcome == self._order[-1]:
            return round(int((matched & self._legitimate).sum()) * costs.blocked_legitimate, 2)
        return round(int(matched.sum()) * costs.review, 2)


def _losses(data: LabelledEvents, costs: Costs) -> Floats:
    events = data.events
    scores = np.zeros(len(events), dtype=np.int64)
    return PricedEvents.of(data.labels, scores, events.amounts, events.times_us // _DAY_US, costs).losses


def describe_trial(trial: RuleTrial) -> Sequence[Sequence[str]]:
    """Return one row of texts for each rule, as the command line shows them."""
    return [
        (
            f"{tried.rule.name} → {tried.rule.outcome}",
            f"{tried.hits.events:,}",
            f"{tried.hits.frauds:,}",
            "–" if tried.hits.precision is None else f"{tried.hits.precision:.1%}",
            _money(tried.hits.saved),
            _money(tried.spent),
            f"{tried.disturbed:,}",
            f"{tried.added.events:,}",
            f"{tried.added.frauds:,}",
            _money(tried.added.saved),
        )
        for tried in trial.rules
    ]


def _money(amount: float | None) -> str:
    return "–" if amount is None else f"{amount:,.0f}"
