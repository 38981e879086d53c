"""Downgrades by rules of a new version, counted on the test part when it is sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.detectors.manifest import Outcome
from tollgate.core.rules.backtest import count_downgrades, say_downgrades
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.rules.matches import RuleAnswers
from tollgate.core.rules.rule_set import RuleSet

from model_build.data.training_set import TrainingSet
from model_build.sealing.manifest import HeldOutScores


def note_downgrades(training_set: TrainingSet, held_out: HeldOutScores, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield a sentence for each rule that gives events of the test part a weaker outcome than their score alone."""
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
