"""Back-test of a detector file's rules on past events, and count of the decisions that they downgrade."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tollgate import clock
from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.detectors.manifest import Outcome
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Ints
from tollgate.core.features.feature import Matrix
from tollgate.core.history.replay import replay_histories
from tollgate.core.rules.backtest import (
    RuleTrial,
    TriedEvents,
    as_if_acting,
    count_downgrades,
    say_downgrades,
    try_rules,
)
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.rules.matches import RuleAnswers
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.rules.scope import SCORE
from tollgate.errors import DetectorFileError

from model_build.data.future_rows import read_past_payments
from model_build.data.quality import note_data_quality
from model_build.data.table import LabeledEvents
from model_build.data.training_set import Progress, TrainingSet, build_matrix, build_training_set
from model_build.detector_file.reader import DetectorFile
from model_build.models.fitted import thread_count
from model_build.sealing.manifest import HeldOutScores


def backtest_rules(
    path: Path, file: DetectorFile, version: DetectorVersion | None, progress: Progress
) -> tuple[RuleTrial, tuple[str, ...]]:
    """Evaluate every rule of a detector file on labeled events, as if it were switched on and not in shadow mode.

    The second part of the result is the warnings: those of training about the data, and those about the rules.

    Features and scores are those that the events would have got on arrival. Rules that read the score need a
    ``version`` to give it. Raises `DetectorFileError` where there is none, or no rule; `TableError` and
    `TrainingDataError` for data that cannot be read.
    """
    if not file.rules.rules:
        raise DetectorFileError("The detector file has no [[rules]] to test.")
    data = read_past_payments(path, file, clock.now())
    data_notes = note_data_quality(data, file, clock.now_s())
    inputs, rules = _prepare(data, file, version, progress)
    progress(f"Testing {len(rules.rules)} rules")
    by_score = None if version is None else _rank_by_score(file, version, inputs)
    trial = try_rules(rules, TriedEvents(inputs, data.labels, np.ones(len(data.events)), file.costs, by_score))
    return trial, (*data_notes, *file.warnings, *_rule_notes(trial))


def _rank_by_score(file: DetectorFile, version: DetectorVersion, inputs: RuleInputs) -> Ints | None:
    """Return the outcome of the score alone, as a place among the file's outcomes; None if no rule weakens it."""
    if "rules_alone" in version.manifest:
        return None
    # Thresholds that training chooses stand in the version.
    outcomes = version.outcomes if file.outcomes_from_cost else file.outcomes
    known = tuple(outcome for outcome in outcomes if outcome.name in file.rules.order)
    return Thresholds(known, file.rules.order, file.rules.mode).ranks(inputs.scores.astype(np.int64))


def _prepare(
    data: LabeledEvents, file: DetectorFile, version: DetectorVersion | None, progress: Progress
) -> tuple[RuleInputs, RuleSet]:
    book = as_if_acting(file.rules)
    if version is None:
        training_set = build_training_set(data, file, np.arange(len(data.events)), progress)
        rules = RuleSet.of(book, file.event_type, training_set.features)
        for compiled in rules.rules:
            if SCORE in compiled.names:
                needs = "reads the score; give a sealed version with --version to score the events"
                raise DetectorFileError(f'Rule "{compiled.rule.name}" {needs}.')
        return RuleInputs(data.events, training_set.matrix, np.zeros(len(data.events), dtype=np.int64)), rules
    matrix, scores = _score(data, version, progress)
    return RuleInputs(data.events, matrix, scores), RuleSet.of(book, version.event_type, version.features)


def _score(data: LabeledEvents, version: DetectorVersion, progress: Progress) -> tuple[Matrix, Ints]:
    progress(f"Replaying and scoring {len(data.events):,} events")
    replayed = replay_histories(
        version.history, data.events, data.frauds, withheld=data.withheld, threads=thread_count()
    )
    matrix = build_matrix(version.features, version.history, data.events, replayed)
    return matrix, version.scale.score(version.model.predict(matrix))


def describe_backtest(trial: RuleTrial) -> Sequence[Sequence[str]]:
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


def _rule_notes(trial: RuleTrial) -> Sequence[str]:
    """Return the warnings about rules that match none of the events, or all of them."""
    return [f'rule "{tried.rule.name}" {note}' for tried in trial.rules for note in tried.notes]


def _money(amount: float | None) -> str:
    return "–" if amount is None else f"{amount:,.0f}"


def note_downgrades(training_set: TrainingSet, held_out: HeldOutScores, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield a warning for each rule that gives events of the test part a weaker outcome than their score alone."""
    file, test = training_set.file, held_out.split.test
    by_score = Thresholds(tuple(outcomes), file.rules.order, file.rules.mode).ranks(held_out.scores[test])
    if not file.rules.rules or by_score is None:
        return
    rules = RuleSet.of(file.rules, file.event_type, training_set.features)
    inputs = RuleInputs(training_set.data.events.take(test), training_set.matrix[test], held_out.scores[test])
    answers, frauds, once = RuleAnswers.of(rules, inputs), training_set.labels(test) == 1, np.ones(len(test))
    for compiled, decides in zip(rules.rules, answers.counted, strict=True):
        if not compiled.rule.shadow:
            found = count_downgrades(compiled.rule, decides, by_score, frauds, once, file.rules.order)
            yield from (f'rule "{compiled.rule.name}" {said}' for said in say_downgrades(compiled.rule, found))
