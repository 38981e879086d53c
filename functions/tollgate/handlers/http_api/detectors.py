"""Models of a detector's description over HTTP, which are explained in docs/reference/http-api.md."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field


class Variable(BaseModel):
    """A column of an event."""

    name: str
    role: str
    type: Literal["string", "number", "boolean", "timestamp"]
    required: bool
    values: list[str] | None = Field(description="Categories of training, most common first.")
    entities: list[str]


class EventType(BaseModel):
    """What an event carries."""

    name: str
    currency: str | None
    variables: list[Variable]


class FileForm(BaseModel):
    """How the detector's files of text are written; null where each file tells."""

    delimiter: str | None
    encoding: str | None


class LabelWords(BaseModel):
    """How an event is labeled."""

    column: str
    fraud: str
    legitimate: str
    delay_s: float


class Outcome(BaseModel):
    """What to do with events that score this high or higher."""

    name: str
    from_score: int


class ScorePoint(BaseModel):
    """Which share of legitimate events scores that high or higher."""

    score: int
    false_positive_rate: float


class ModelInUse(BaseModel):
    """The model that scores."""

    kind: str
    title: str
    imbalance: str | None
    brought: bool = Field(description="It was trained elsewhere and brought as an ONNX file.")


class Reasons(BaseModel):
    """Which reasons decisions can carry."""

    kind: Literal["exact", "approximate", "none"]
    method: Literal["path_dependent", "background", "lime"] | None
    stability: dict[str, float] | None = Field(description="Of approximate ones, measured when sealed.")
    gap: dict[str, float] | None = Field(description="How far they missed the log-odds, when sealed.")


class FeatureName(BaseModel):
    """A feature and what it means."""

    name: str
    description: str


class RuleInUse(BaseModel):
    """A rule, in the order in which rules are asked."""

    name: str
    expression: str
    outcome: str
    priority: int
    enabled: bool = Field(description="False: it is switched off, and not asked.")
    shadow: bool = Field(description="It is asked and counted, and does not act.")
    expires_at: str | None = Field(description="Events from then on are not asked.")


class ListInUse(BaseModel):
    """A list as it is now."""

    name: str
    kind: Literal["text", "number"]
    entries: int
    sealed: bool = Field(description="The values are those of the version; false: others were put in their place.")
    changed_at: str


class SafetyChoices(BaseModel):
    """What was chosen for failures and for mass decline."""

    fail: Literal["none", "rules_only", "review", "allow"]
    required: list[str]
    review: str
    block: str
    most_blocked: float | None
    over_s: float
    at_least: int


class Example(BaseModel):
    """A real event to start from."""

    title: str
    event: dict[str, Any]
    label: str | None


class TrainingData(BaseModel):
    """What the version was made from; ``rows`` are 0 without data."""

    rows: int
    frauds: int
    from_: str = Field(alias="from")
    to: str
    data_sha256: str | None


class Detector(BaseModel):
    """The detector version that decides."""

    detector: str
    detector_version: str
    description: str
    created_at: str
    event_type: EventType
    files: FileForm
    label: LabelWords | None
    outcomes: list[Outcome]
    outcome_order: list[str] = Field(description="From weak to strong, with those that only rules give.")
    score_scale: list[ScorePoint]
    model: ModelInUse | None = Field(description="Null where rules alone decide.")
    reasons: Reasons
    features: list[FeatureName]
    rules_mode: Literal["FIRST_MATCHED", "ALL_MATCHED"]
    rules: list[RuleInUse]
    lists: list[ListInUse]
    safety: SafetyChoices
    examples: list[Example]
    training: TrainingData
    libraries: dict[str, str]


class Evaluation(BaseModel):
    """How well the models did on later events; null for what was not measured."""

    detector: str
    detector_version: str
    models: list[dict[str, Any]] = Field(description="The chosen one first; empty where rules alone decide.")
    period: dict[str, str]
    rows: int
    frauds: int
    fraud_amount: float | None
    curves: dict[str, dict[str, list[tuple[float, float]]]]
    thresholds: list[dict[str, int | float | None]]
    score_histogram: dict[str, list[int | float]]
    calibration: dict[str, Any] | None
    scale_check: dict[str, list[dict[str, Any]]] | None
    importance: dict[str, Any] | None
    slices: dict[str, Any] | None
    unseen_categories: list[dict[str, Any]] | None
    money: dict[str, Any] | None
    notes: list[str]


class Version(BaseModel):
    """A sealed version; what its manifest says is null where that is damaged."""

    detector_version: str
    created_at: str | None
    description: str | None
    model: str | None = Field(description="Null where rules alone decide.")
    rules: int | None
    trained_on: int | None = Field(description="Events that it was trained on.")
    from_: str | None = Field(alias="from", description="The first of them.")
    to: str | None
    decides: bool


class Versions(BaseModel):
    """The sealed versions of a detector, newest first."""

    detector: str
    versions: list[Version]
    count: int = Field(description="How many there are in the bucket.")
