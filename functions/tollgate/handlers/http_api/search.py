"""Models of searches and summaries of decisions over HTTP, which are explained in docs/reference/http-api.md."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from tollgate.core.decisions.decision import Downgrade, KnownLabel
from tollgate.core.detectors.score import TOP_SCORE
from tollgate.errors import InputError
from tollgate.handlers.http_api.models import Request
from tollgate.handlers.http_api.values import Day
from tollgate.services.search.terms import SearchTerms

LabelName = Literal["none", "fraud", "legitimate"]


class _Days(Request):
    detector: str | None = Field(None, description="Another detector than the deployment's own.")
    from_: Day = Field(None, alias="from", description="The first day on which events were decided on, in UTC.")
    to: Day = Field(None, description="The last one; today if it is left out.")


class SummaryQuery(_Days):
    """Which days to sum up."""

    def to_terms(self) -> SearchTerms:
        """Return what is asked for."""
        return SearchTerms(self.detector, self.from_, self.to)


class SearchQuery(_Days):
    """Which decisions to list, and in which order."""

    day: Day = Field(None, description="A single day, in place of from and to; today without any.")
    outcome: str | None = Field(None, description="Of several outcomes, any: their names with commas between them.")
    label: LabelName | None = Field(None, description="none: without a label so far.")
    rule: str | None = Field(None, description="The name of a rule that matched, or would have in shadow mode.")
    entity: str | None = Field(None, description="name:key, as in customer:c000170.")
    from_score: int | None = Field(None, ge=0, le=TOP_SCORE)
    to_score: int | None = Field(None, ge=0, le=TOP_SCORE)
    sort: Literal["newest", "amount", "score", "money_at_risk"] = Field("newest", description="The highest come first.")
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, description="Of the page before, with the same search.")

    def to_terms(self) -> SearchTerms:
        """Return what is asked for; raise `InputError` for a day with from or to."""
        if self.day and (self.from_ or self.to):
            raise InputError("Say day for a single day, or from and to, not both.")
        return SearchTerms(
            first=self.day or self.from_,
            last=self.day or self.to,
            **self.model_dump(exclude={"day", "from_", "to"}),
        )


class FoundRule(BaseModel):
    """A rule that matched an event."""

    rule: str
    shadow: bool


class FoundDecision(BaseModel):
    """A decision as lists show it; GET /v1/decisions/{event_id} has the rest."""

    event_id: str
    timestamp: str
    decided_at: str
    detector_version: str
    score: int | None
    probability: float | None
    outcome: str
    downgraded: Downgrade | None = Field(description="The rule that took a stronger outcome away; null: none.")
    amount: float | None
    money_at_risk: float | None = Field(description="Probability × amount.")
    entities: dict[str, str] = Field(description="Name → key, of entities of one column.")
    rules: list[FoundRule]
    label: KnownLabel | None
    degraded: bool
    braked: bool
    forced: bool


class DecisionPage(BaseModel):
    """A page of decisions."""

    decisions: list[FoundDecision]
    cursor: str | None = Field(description="Of the next page; null if this one is not full.")
    indexed_until: str | None = Field(description="The newest decision or label that can be found; see the reference.")


class Tallied(BaseModel):
    """How many decisions, and the sums of amounts and of probability × amount."""

    decisions: int
    amount: float
    money_at_risk: float


class OutcomeTally(Tallied):
    """Decisions of one outcome and label."""

    outcome: str
    label: LabelName


class VersionTally(Tallied):
    """Decisions of one detector version and label."""

    detector_version: str
    label: LabelName


class RuleTally(Tallied):
    """Decisions on events that a rule matched, of one outcome and label."""

    rule: str
    shadow: bool
    outcome: str
    label: LabelName


class OverlapTally(Tallied):
    """Decisions on events that two rules matched, of one label."""

    rules: list[str]
    label: LabelName


class Spread(BaseModel):
    """Counts and amounts, step by step."""

    decisions: list[int]
    amount: list[float]


class DaySummary(Tallied):
    """What the decisions of a day come to."""

    day: date
    degraded: int
    braked: int
    forced: int
    outcomes: list[OutcomeTally]
    versions: list[VersionTally]
    rules: list[RuleTally]
    overlaps: list[OverlapTally]
    hours: dict[str, Spread] = Field(description="By outcome, for the hours 0 to 23.")
    scores: dict[str, Spread] = Field(description="By label, for the scores 0 to 4, 5 to 9 … 1000.")


class Summaries(BaseModel):
    """What decisions come to, day by day; days without any are left out."""

    days: list[DaySummary]
    indexed_until: str | None
