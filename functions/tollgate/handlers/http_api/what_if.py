"""Models of what-if decisions over HTTP, which are explained in docs/reference/http-api.md."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from tollgate.core.decisions.decision import Downgrade, Reason
from tollgate.core.explanations.explain import Wanted
from tollgate.core.rules.matches import RuleHit
from tollgate.core.times.clock_skew import ClockUsed
from tollgate.errors import InputError
from tollgate.handlers.http_api.models import Request
from tollgate.handlers.http_api.values import EventId
from tollgate.services.decisions.what_if import MAX_EXPLAINED, MAX_VARIANTS, WhatIf


class WhatIfRequest(Request):
    """An event, and in which ways it could have been otherwise."""

    event: dict[str, Any] | None = Field(None, description="The event's columns; with event_id, in place of its own.")
    event_id: EventId = Field(
        None, description="A decided event, whose version, histories and lists are those of its decision."
    )
    variants: list[dict[str, Any]] = Field(
        [], max_length=MAX_VARIANTS, description="Columns that are to be otherwise; null takes one away."
    )
    detector: str | None = Field(None, description="Another detector than the deployment's own.")
    reasons: Wanted = Field(
        "none", description=f"How many reasons the event and its first {MAX_EXPLAINED} variants are to carry."
    )
    histories: bool = Field(default=False, description="Whether to tell what was known of the event's entities.")

    def to_question(self) -> WhatIf:
        """Return what is asked for; raise `InputError` where there is no event."""
        if self.event is None and self.event_id is None:
            raise InputError("Say event, event_id, or both: without one there is nothing to decide on.")
        return WhatIf(**self.model_dump())


class Supposed(BaseModel):
    """What would be decided."""

    score: int | None = Field(ge=0, le=1000)
    probability: float | None = Field(ge=0, le=1)
    outcome: str
    downgraded: Downgrade | None = Field(None, description="The rule that takes a stronger outcome away; null: none.")
    rules: list[RuleHit]
    base_log_odds: float | None = None
    reasons: list[Reason] | None = None
    reasons_approximate: bool = False
    reasons_stability: float | None = None


class Fact(BaseModel):
    """One number of a history."""

    operation: str
    description: str
    half_life_s: float
    unit: Literal["events", "amount", "days", "share", "km"]
    value: float | None = Field(description="Null where the history is too faint to tell it.")


class KnownHistory(BaseModel):
    """What was known of one of the event's entities before it."""

    entity: str
    columns: list[str]
    key: list[str] | None = Field(description="A value for each column; null if the event does not have them.")
    remembered: bool = Field(description="False: there is no trace of earlier events.")
    facts: list[Fact]


class WhatIfAnswer(BaseModel):
    """What would be decided. Nothing was recorded."""

    detector: str
    detector_version: str
    clock: ClockUsed | None = Field(None, description="Null if the event would be decided as of its own time.")
    unchanged: Supposed = Field(description="The event as it is.")
    variants: list[Supposed] = Field(description="In the order of the request.")
    histories: list[KnownHistory] | None = Field(description="Of the event as it is; null unless asked for.")
