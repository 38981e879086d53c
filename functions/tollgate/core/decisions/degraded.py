"""Degraded decisions: made without what is missing, in the way that the detector chose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tollgate.core.decisions.decide import Decisions, compute_in_parts, read_histories
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events, Floats
from tollgate.core.history.plan import amount_excess
from tollgate.core.history.stored import StoredHistories
from tollgate.core.rules.inputs import RuleInputs
from tollgate.core.rules.matches import RuleAnswers


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
    judged = amount_excess(version.history, event, known)
    features = compute_in_parts(version, event, known, judged)
    nothing = np.array([np.nan])
    asked = version.rules
    if version.safety.fail != "rules_only":
        asked = replace(asked, rules=(), names=())
    rules = RuleAnswers.of(asked, RuleInputs(event, features, nothing))
    outcome = version.safety.review if version.safety.fail == "review" else version.order[0]
    if version.safety.fail == "rules_only":
        (outcome,) = rules.outcomes([outcome], version.order)
    return Decisions(nothing, np.array([-1]), (outcome,), judged, rules, features, known)
