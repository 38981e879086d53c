"""Models of the HTTP API's requests and answers, which are explained in docs/reference/http-api.md."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SkipValidation


class Request(BaseModel):
    """What is asked; a name that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class DecisionRequest(Request):
    """One event to decide on."""

    event: dict[str, Any] = Field(description="The event's columns, as declared in the event type.")
    detector: str | None = Field(None, description="Another detector than the deployment's own.")
    reasons: Literal["top", "all", "none"] = Field("none", description="How many reasons the decision is to carry.")


class Reason(BaseModel):
    """What one idea did for an event's log-odds of fraud."""

    name: str
    impact: int = Field(ge=-5, le=5, description="How often it doubled the odds of fraud; below 0, halved them.")
    contribution: float = Field(description="In log-odds.")
    sentence: str


class RuleHit(BaseModel):
    """A rule that matched an event."""

    rule: str
    outcome: str
    shadow: bool = Field(description="The rule was asked and counted, and did not act.")
    expression: str = Field(description="The rule with the event's values put in; null is a missing one.")


class ListAnswer(BaseModel):
    """How a list answered."""

    list: str
    value: str | float | None
    found: bool


class Downgrade(BaseModel):
    """A rule that gave an event a weaker outcome than its score alone would have."""

    rule: str
    from_: str = Field(alias="from", description="What the score alone would have given.")


class Degraded(BaseModel):
    """How an event was decided that could not be decided in full, and what was missing."""

    mode: Literal["rules_only", "review", "allow"]
    missing: list[str] = Field(description="model, history, variable:<column>, or record: it was not recorded.")


class ClockUsed(BaseModel):
    """Of an event that lay too far ahead: its own time, and that of the server's clock, which took its place."""

    given: str
    used: str


class Decision(BaseModel):
    """What one detector version said about one event."""

    event_id: str
    detector: str
    detector_version: str
    score: int | None = Field(ge=0, le=1000, description="Null without a model, a history or a required variable.")
    probability: float | None = Field(ge=0, le=1)
    outcome: str
    downgraded: Downgrade | None = Field(None, description="The rule that took a stronger outcome away; null: none.")
    rules: list[RuleHit] = Field([], description="The rules that matched.")
    lists: list[ListAnswer] = Field([], description="What was looked for in lists, and whether it was there.")
    decided_at: str
    degraded: Degraded | None = Field(None, description="Null if the event was decided in full.")
    braked: bool = Field(False, description="The outcome was a block, which the brake made a review.")
    forced: bool = Field(False, description="The event's id asked for the outcome, in a test deployment.")
    clock: ClockUsed | None = Field(None, description="Null if the event was decided as of its own time.")
    recorded: bool = Field(True, description="False: it is not known to be stored; send the event again.")
    missing_columns: list[str] | None = Field(
        None, description="Declared columns that the event lacks; null if no version can be asked."
    )
    repeated: bool = Field(description="The event was decided on before; this is the first decision.")
    timings_ms: dict[str, float]
    base_log_odds: float | None = Field(None, description="Where contributions count from.")
    reasons: list[Reason] | None = Field(None, description="Weightiest first; null if none were asked for.")
    reasons_approximate: bool = Field(False, description="They come from LIME and do not add up exactly.")
    reasons_stability: float | None = Field(None, description="0 to 1, of approximate reasons alone.")


class KnownLabel(BaseModel):
    """What an event turned out to be, and since when that is known."""

    label: Literal["fraud", "legitimate"]
    known_at: str


class StoredLabel(KnownLabel):
    """A label with what was said about it."""

    note: str | None
    labelled_by: str | None


class StoredDecision(Decision):
    """A decision with the event and, if it has one, its label."""

    event: dict[str, Any]
    label: StoredLabel | None


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
