"""Decision: the answer about one event, as it is returned, stored, announced and compared.

Each field of the answer is declared here and nowhere else. Its metadata says where it goes besides the answer, and what
the description of the HTTP API says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal, Self

from tollgate.core.decisions.decide import Verdict
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.explanations.explain import Explanation
from tollgate.core.rules.matches import ListAnswer, RuleHit
from tollgate.core.times.clock_skew import ClockUsed
from tollgate.core.times.timestamps import write_utc

# Stored: in the table, always or where it is not the default, which costs most records nothing. Announced: on the event
# bus and in the result stream. Recomputed: follows from the record, and is compared by a replay. Explained: likewise,
# where there are reasons.
_Use = Literal["stored", "stored_if_set", "announced", "recomputed", "explained"]
_USES = "uses"
_NO_SCORE = "Null without a model, a history or a required variable."


def _goes(*uses: _Use, about: str = "", **schema: str | float) -> Mapping[str, Any]:
    """Return the metadata of a field; all but ``uses`` is read by Pydantic."""
    return {_USES: uses, **schema, **({"description": about} if about else {})}


LabelName = Literal["fraud", "legitimate"]


@dataclass(frozen=True)
class Degraded:
    """The fallback for an event that could not be decided in full, and what was missing."""

    mode: Literal["rules_only", "review", "allow"]
    missing: tuple[str, ...] = field(
        metadata=_goes(about="model, history, variable:<column>, or record: it was not recorded.")
    )


@dataclass(frozen=True)
class Downgrade:
    """A rule that gave an event a weaker outcome than its score alone would have."""

    rule: str
    from_: str = field(metadata=_goes(about="What the score alone would have given.", alias="from"))


@dataclass(frozen=True)
class Reason:
    """What one group of features did for an event's log-odds of fraud."""

    name: str
    impact: int = field(
        metadata=_goes(about="How often it doubled the odds of fraud; below 0, halved them.", ge=-5, le=5)
    )
    contribution: float = field(metadata=_goes(about="In log-odds."))
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What one detector version said about one event."""

    event_id: str = field(metadata=_goes("stored", "announced"))
    detector: str = field(metadata=_goes("stored", "announced"))
    detector_version: str = field(metadata=_goes("stored", "announced", "recomputed"))
    score: int | None = field(metadata=_goes("stored", "announced", "recomputed", about=_NO_SCORE, ge=0, le=1000))
    probability: float | None = field(metadata=_goes("stored", "announced", "recomputed", ge=0, le=1))
    outcome: str = field(metadata=_goes("stored", "announced", "recomputed"))
    downgraded: Downgrade | None = field(
        default=None, metadata=_goes("announced", about="The rule that took a stronger outcome away; null: none.")
    )
    rules: tuple[RuleHit, ...] = field(
        default=(), metadata=_goes("stored", "recomputed", about="The rules that matched.")
    )
    lists: tuple[ListAnswer, ...] = field(
        default=(),
        metadata=_goes("stored", "recomputed", about="What was looked for in lists, and whether it was there."),
    )
    decided_at: str = field(metadata=_goes("stored", "announced"))
    degraded: Degraded | None = field(
        default=None, metadata=_goes("stored", "announced", about="Null if the event was decided in full.")
    )
    braked: bool = field(
        default=False,
        metadata=_goes("stored", "announced", about="The circuit breaker made a review of a block."),
    )
    forced: bool = field(
        default=False,
        metadata=_goes("stored", "announced", about="The event's id asked for the outcome, in a test deployment."),
    )
    clock: ClockUsed | None = field(
        default=None,
        metadata=_goes("stored_if_set", "announced", about="Null if the event was decided as of its own time."),
    )
    recorded: bool = field(
        default=True,
        metadata=_goes("stored", about="False: it is not known to be stored; send the event again."),
    )
    missing_columns: tuple[str, ...] | None = field(
        default=None,
        metadata=_goes(about="Declared columns that the event lacks; null if no version can be asked."),
    )
    repeated: bool = field(metadata=_goes(about="The event was decided on before; this is the first decision."))
    timings_ms: Mapping[str, float]
    base_log_odds: float | None = field(
        default=None, metadata=_goes("explained", about="Where contributions count from.")
    )
    reasons: tuple[Reason, ...] | None = field(
        default=None, metadata=_goes("explained", about="Weightiest first; null if none were asked for.")
    )
    reasons_approximate: bool = field(
        default=False, metadata=_goes("explained", about="They come from LIME and do not add up exactly.")
    )
    reasons_stability: float | None = field(
        default=None, metadata=_goes("explained", about="0 to 1, of approximate reasons alone.")
    )

    @classmethod
    def of(cls, version: DetectorVersion, event_id: str, verdict: Verdict, decided_at: datetime) -> Decision:
        """Return the decision on an event for which nothing was missing, and whose outcome nobody changed."""
        return cls(
            event_id=event_id,
            detector=version.detector,
            detector_version=version.version,
            score=verdict.score,
            probability=verdict.probability,
            outcome=verdict.outcome,
            rules=verdict.rules,
            lists=verdict.lists,
            decided_at=write_utc(decided_at, "milliseconds"),
            repeated=False,
            timings_ms={},
        )

    @property
    def is_overruled(self) -> bool:
        """Whether another outcome was given than the one that was decided: by the circuit breaker, or by the caller."""
        return self.braked or self.forced

    @property
    def acting_rules(self) -> list[str]:
        """The rules that matched and are not in shadow mode."""
        return [hit.rule for hit in self.rules if not hit.shadow]

    def copy_with(self, **changes: object) -> Self:
        """Return what `dataclasses.replace` does, in a tenth of its time, and checks as little."""
        assert changes.keys() <= vars(self).keys()
        copy = object.__new__(type(self))
        vars(copy).update(vars(self))
        vars(copy).update(changes)
        return copy

    def explained_by(self, explanation: Explanation | None) -> Self:
        """Return the decision with reasons; the same without any."""
        return self.copy_with(**answer_reasons(explanation)) if explanation else self

    def without_reasons(self) -> Self:
        """Return the decision as if none had been asked for."""
        return self.copy_with(**_NO_REASONS)

    def to_stored(self) -> dict[str, Any]:
        """Return the plain form that the table holds."""
        values = vars(self)
        stored = {name: values[name] for name in _STORED}
        for name in _STORED_PARTS:
            if stored[name]:  # as of few decisions
                stored[name] = to_plain(stored[name])
        for name, usual in _STORED_IF_SET.items():
            if values[name] != usual:
                stored[name] = to_plain(values[name])
        return stored

    @classmethod
    def from_stored(cls, plain: Mapping[str, Any]) -> Decision:
        """Rebuild what `to_stored` wrote, now or in an earlier release; it was decided before."""
        known = {name: plain[name] for name in _KEPT if name in plain}
        for name, read in _READ.items():
            if known.get(name) is not None:
                known[name] = read(known[name])
        return cls(**{**known, "repeated": True, "timings_ms": {}})

    def to_announcement(self) -> dict[str, Any]:
        """Return what listeners get: names and numbers, and no value of the event but its id."""
        values = vars(self)
        rules = [{"rule": hit.rule, "outcome": hit.outcome, "shadow": hit.shadow} for hit in self.rules]
        return {**{name: to_plain(values[name]) for name in _ANNOUNCED}, "rules": rules}


@dataclass(frozen=True)
class KnownLabel:
    """What an event turned out to be, and since when that is known."""

    label: LabelName
    known_at: str


@dataclass(frozen=True)
class StoredLabel(KnownLabel):
    """A label with its note, and who gave it."""

    note: str | None
    labelled_by: str | None


@dataclass(frozen=True, kw_only=True)
class StoredDecision(Decision):
    """A decision with the event and, if it has one, its label."""

    event: Mapping[str, Any]
    label: StoredLabel | None


def answer_reasons(explanation: Explanation) -> dict[str, Any]:
    """Return the fields of an answer that hold an explanation."""
    reasons = tuple(Reason(one.name, one.impact, one.contribution, one.sentence) for one in explanation.reasons)
    return {
        "base_log_odds": explanation.base,
        "reasons": reasons,
        "reasons_approximate": explanation.stability is not None,
        "reasons_stability": explanation.stability,
    }


def to_plain(part: Any) -> Any:  # noqa: ANN401 - whatever an answer holds
    """Return a part of an answer as JSON has it. A name that Python keeps for itself loses its underscore."""
    if part is None or isinstance(part, (str, int, float, Mapping)):
        return part
    if isinstance(part, tuple):
        return [to_plain(one) for one in part]
    return {name.rstrip("_"): to_plain(value) for name, value in vars(part).items()}


def fields_that_are(use: _Use) -> tuple[str, ...]:
    """Return the names of a decision's fields of one use, in the order of the answer."""
    return tuple(one.name for one in fields(Decision) if use in one.metadata.get(_USES, ()))


_NO_REASONS = {one.name: one.default for one in fields(Decision) if one.name in fields_that_are("explained")}
_STORED, _ANNOUNCED = fields_that_are("stored"), fields_that_are("announced")
_STORED_IF_SET = {one.name: one.default for one in fields(Decision) if one.name in fields_that_are("stored_if_set")}
# Records of early releases hold reasons too.
_KEPT = (*_STORED, *_STORED_IF_SET, *_NO_REASONS)
_READ: Mapping[str, Callable[[Any], object]] = {
    "rules": lambda hits: tuple(RuleHit(**hit) for hit in hits),
    "lists": lambda answers: tuple(ListAnswer(**answer) for answer in answers),
    "degraded": lambda plain: Degraded(plain["mode"], tuple(plain["missing"])),
    "clock": lambda plain: ClockUsed(**plain),
    "reasons": lambda reasons: tuple(Reason(**reason) for reason in reasons),
}
_STORED_PARTS = tuple(name for name in _READ if name in _STORED)
