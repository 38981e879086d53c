"""Models of feature contributions over HTTP, which are explained in docs/reference/http-api.md."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from tollgate.core.decisions.decision import Reason


class Moved(BaseModel):
    """How much something moves scores: mean absolute contributions in log-odds."""

    mean_absolute: float
    mean_absolute_of_frauds: float | None


class MovedByFeature(Moved):
    """How much one feature moves scores."""

    name: str
    description: str


class MovedByGroup(Moved):
    """How much the features of one group move scores together."""

    name: str
    features: list[str]


class Segment(BaseModel):
    """A part of the events."""

    name: str
    events: float
    frauds: float
    groups: list[float] = Field(description="Mean absolute contributions, in the order of the groups.")


class Segments(BaseModel):
    """The events in parts, such as by amount."""

    title: str
    segments: list[Segment]


class Period(BaseModel):
    """From the first event to the last."""

    from_: str = Field(alias="from")
    to: str


class Contributions(BaseModel):
    """What features and groups of them did for the scores of past events."""

    detector: str
    detector_version: str
    events: int
    frauds: int
    period: Period
    features: list[MovedByFeature]
    groups: list[MovedByGroup]
    segments: list[Segments]


class GroupName(BaseModel):
    """A group and its features."""

    name: str
    features: list[str]


class Bin(BaseModel):
    """Events with like values, and the contributions that most of them have."""

    low: float | None = Field(description="Null with high: the value is missing.")
    high: float | None
    events: float
    frauds: float = Field(description="The share of frauds.")
    mean: float
    tenth: float
    ninetieth: float


class Point(BaseModel):
    """One event: the value, and what it did for the log-odds."""

    value: float | None
    contribution: float
    label: Literal["fraud", "legitimate", "none"]


class PastEvent(BaseModel):
    """A past event as it was posted, with what decided on it."""

    event: dict[str, Any]
    label: Literal["fraud", "legitimate", "none"]
    score: int | None
    value: float | None = Field(description="Of the feature; null where it was missing.")
    contribution: float = Field(description="Of the feature's group.")
    sentence: str | None = Field(description="Null where the group is not among the weightiest reasons.")
    reasons: list[Reason]


class Dependence(BaseModel):
    """How the value of one feature moves scores."""

    detector: str
    detector_version: str
    name: str
    description: str
    group: GroupName
    bins: list[Bin]
    points: list[Point]
    raised: list[PastEvent]
    lowered: list[PastEvent]
