"""Downgrade: a rule that decided gave an event a weaker outcome than its score alone would have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tollgate.core.decisions.decision import Decision, Downgrade
from tollgate.core.detectors.manifest import Outcome
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Ints
from tollgate.core.rules.rule import Mode


@dataclass(frozen=True)
class Thresholds:
    """What scores alone give in one version: ``outcomes`` and all names in ``order``, both from weak to strong."""

    outcomes: tuple[Outcome, ...]
    order: tuple[str, ...]
    mode: Mode

    @classmethod
    def of(cls, version: DetectorVersion) -> Thresholds:
        """Take them from a version."""
        return cls(version.outcomes, version.order, version.rules.book.mode)

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> Thresholds:
        """Take them from the manifest of a version, without the rest of it."""
        outcomes = tuple(Outcome(**outcome) for outcome in manifest["outcomes"])
        book = manifest.get("rules") or {}
        order = tuple(book.get("order") or ()) or tuple(outcome.name for outcome in outcomes)
        return cls(outcomes, order, book.get("mode", "FIRST_MATCHED"))

    def outcome(self, score: int) -> str:
        """Return the strongest outcome that a score reaches."""
        return next(outcome.name for outcome in reversed(self.outcomes) if score >= outcome.from_score)

    def ranks(self, scores: Ints) -> Ints | None:
        """Return the places in ``order`` of what n scores give; None where no rule can weaken that."""
        if self.mode != "FIRST_MATCHED":
            return None
        of_outcomes = np.array([self.order.index(outcome.name) for outcome in self.outcomes], dtype=np.int64)
        reached = np.searchsorted([outcome.from_score for outcome in self.outcomes], scores, side="right") - 1
        return of_outcomes[np.maximum(reached, 0)]

    def downgrade_of(self, decision: Decision) -> Downgrade | None:
        """Return what `downgrade` does of a decision; None if the circuit breaker or the caller gave the outcome."""
        if decision.is_overruled:
            return None
        return self.downgrade(decision.score, decision.outcome, decision.acting_rules)

    def downgrade(self, score: int | None, outcome: str, acting: Sequence[str]) -> Downgrade | None:
        """Return the rule that decided, of the ``acting`` ones that matched, and the outcome that it took away.

        None where the score alone gives no stronger one. Where all rules are asked, the strongest outcome wins.
        """
        if not acting or score is None or self.mode != "FIRST_MATCHED":
            return None
        alone = self.outcome(score)
        if outcome not in self.order or self.order.index(outcome) >= self.order.index(alone):
            return None
        return Downgrade(acting[0], alone)
