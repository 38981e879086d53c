"""Models of the HTTP API's requests and answers, which are explained in docs/reference/http-api.md."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from tollgate.core.decisions.decision import Downgrade, Reason
from tollgate.core.explanations.explain import Wanted
from tollgate.core.rules.matches import RuleHit
from tollgate.core.times.clock_skew import ClockUsed
from tollgate.errors import InputError
from tollgate.handlers.http_api.values import EventId
from tollgate.services.decisions.what_if import MAX_EXPLAINED, MAX_VARIANTS, WhatIf


class Request(BaseModel):
    """What is asked; a name that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class DecisionRequest(Request):
    """One event to decide on."""

    event: dict[str, Any] = Field(description="The event's columns, as declared in the event type.")
    detector: str | None = Field(None, description="Another detector than the deployment's own.")
    reasons: Literal["top", "all", "none"] = Field("none", description="How many reasons the decision is to carry.")


class Label(Request):
    """What one event turned out to be."""

    event_id: str | float = Field(description='As the event has it: 1234 and "1234" are one id, and so is 1234.0.')
    label: str | int | bool
    known_at: str | None = Field(
        None, description="ISO 8601; if left out: now, or for an old event the label delay after it."
    )
    note: str | None = Field(
        None, description="Why, in up to 500 characters without card numbers; kept with the label."
    )
    labelled_by: str | None = Field(None, description="Who says so, in up to 200 characters.")


class LabelsRequest(Request):
    """Labels for up to a thousand events."""

    # Each label is read by itself: what is wrong about one is told in its result, and the others are set.
    labels: list[SkipValidation[Label]] = Field(min_length=1, max_length=1000)
    detector: str | None = None


class LabelResult(BaseModel):
    """What became of one label."""

    event_id: str | None = Field(description="Null where the label does not say which event it is of.")
    status: Literal["accepted", "unchanged", "waiting", "failed"]
    message: str | None
    histories: list[str] = Field(description="The entities whose histories count it now, or no longer do.")


class LabelsAnswer(BaseModel):
    """What became of all labels."""

    accepted: int
    unchanged: int
    waiting: int = Field(description="Their events were not decided on yet.")
    failed: int
    results: list[LabelResult]


class BatchRequest(Request):
    """A file to be uploaded."""

    filename: str
    detector: str | None = None


class Upload(BaseModel):
    """How to upload a file."""

    url: str
    method: str
    headers: dict[str, str]


class AnnouncedBatch(BaseModel):
    """Where to put a file of payments."""

    batch_id: str
    key: str
    upload: Upload
    expires_in_s: int


class BatchState(BaseModel):
    """How far a batch is."""

    batch_id: str
    detector: str
    filename: str
    status: Literal["waiting", "running", "done", "rejected", "failed"]
    created_at: str | None
    finished_at: str | None
    rows: int | None
    scored: int | None
    failed: int | None


class BatchProgress(BaseModel):
    """How far a running batch is."""

    phase: Literal["scoring", "recording"] = Field(description="Recording: its payments enter the histories.")
    rows: int = Field(description="Rows that were looked at.")
    failed: int = Field(description="Of these, rows that could not be used.")
    rows_total: int | None = Field(description="Null until it is known or can be estimated.")
    rows_total_estimated: bool
    bytes: int = Field(description="Bytes of the file that were read.")
    size_bytes: int
    recorded: int = Field(description="Histories that were added to, in the phase of recording.")
    started_at: str
    heartbeat_at: str = Field(description="The last sign of life.")


class Batch(BatchState):
    """How far a batch is, and what came out."""

    reason: str | None
    progress: BatchProgress | None = Field(description="Null unless it is running.")
    summary: dict[str, Any] | None
    downloads: dict[str, str] | None


class BatchPage(BaseModel):
    """Batches, newest first."""

    batches: list[BatchState]
    cursor: str | None


class InboxFile(BaseModel):
    """A file in the inbox."""

    key: str
    filename: str
    detector: str
    batch_id: str
    size_bytes: int
    put_at: str
    status: Literal["queued", "running", "done", "rejected", "failed"] = Field(
        description="queued: no function has begun with it."
    )


class Inbox(BaseModel):
    """The files that were put into the inbox last, newest first."""

    files: list[InboxFile]
    complete: bool = Field(description="False: the inbox holds more.")


class Health(BaseModel):
    """The function answers, and with which version."""

    status: Literal["ok"]
    detector: str
    detector_version: str


class Problem(BaseModel):
    """Every error: a code for programs, a sentence for people, and whether trying again helps."""

    code: str
    message: str
    retry: bool


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
