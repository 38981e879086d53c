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
