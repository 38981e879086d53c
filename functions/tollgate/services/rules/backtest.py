"""Check and backtest of rules that somebody writes, before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.detectors.costs import Costs
from tollgate.core.detectors.sample_events import PastEvents
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Ints
from tollgate.core.rules.backtest import TriedEvents, TriedRule, as_if_acting
from tollgate.core.rules.backtest import try_rules as ask_rules
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.rule_set import RuleSet
from tollgate.core.rules.scope import SCORE
from tollgate.errors import InputError
from tollgate.services.container import Container
from tollgate.services.rules.rule_book import find_faults, put_together, serialize_findings


def check_rules(container: Container, rules: Sequence[Rule], detector: str | None = None) -> dict[str, Any]:
    """Return what is wrong or odd about rules, as a detector file would be refused or warned for it.

    Raises `InputError` for an unknown outcome or a name that two rules have.
    """
    version = container.champion(detector)
    findings = find_faults(version, put_together(version, rules))
    return {"detector_version": version.version, "findings": serialize_findings(findings)}


def try_rules(container: Container, rules: Sequence[Rule], detector: str | None = None) -> dict[str, Any]:
    """Return what rules would have done in the test period of the version that decides, each as if it acted.

    The figures are estimates from the version's past events, each of which stands for some. Raises `InputError` for
    rules that cannot be asked, `NotFoundError` for a version without past events.
    """
    version = container.champion(detector)
    book = as_if_acting(put_together(version, rules))
    past = container.past_events.read(version)
    compiled = _compile(version, book, past)
    costs = _costs(version)
    scores = np.zeros(len(past), dtype=np.int64) if past.scores is None else past.scores
    inputs = RuleInputs(past.events, past.features, scores)
    trial = ask_rules(compiled, TriedEvents(inputs, past.labels, past.weights, costs, _by_score(version, book, past)))
    return {
        "detector": version.detector,
        "detector_version": version.version,
        "period": version.evaluation.get("period"),
        "events": trial.events,
        "frauds": trial.frauds,
        "rows": len(past),
        "estimated": bool((past.weights != 1).any()),
        "costs": costs and costs.to_json(),
        "rules": [_serialize(tried) for tried in trial.rules],
    }


def _compile(version: DetectorVersion, book: RuleBook, past: PastEvents) -> RuleSet:
    unreadable = [finding for finding in find_faults(version, book) if finding.kind == "unreadable"]
    if unreadable:
        raise InputError(f"{str(unreadable[0])[:1].upper()}{str(unreadable[0])[1:]}.")
    rule_set = RuleSet.of(book, version.event_type, version.features)
    for compiled in rule_set.rules:
        if past.scores is None and SCORE in compiled.names:
            raise InputError(f'Rule "{compiled.rule.name}" reads the score, which a detector without a model lacks.')
    return rule_set


def _by_score(version: DetectorVersion, book: RuleBook, past: PastEvents) -> Ints | None:
    """Return what the scores alone give, as places in the book's order; None where no rule weakens that."""
    thresholds = Thresholds(version.outcomes, book.order, version.rules.book.mode)
    return None if past.scores is None else thresholds.ranks(past.scores)


def _costs(version: DetectorVersion) -> Costs | None:
    """Return the prices that the version was judged by; None where a missed fraud has none."""
    money = version.evaluation.get("money")
    return Costs.from_json(money["costs"]) if money else None


def _serialize(tried: TriedRule) -> dict[str, Any]:
    told = tried.to_json()
    return {name: told[name] for name in _FIGURES}


_FIGURES = (
    "rule",
    "outcome",
    "hits",
    "precision",
    "added",
    "disturbed",
    "spent",
    "lacking",
    "rows",
    "downgrades",
    "notes",
)
