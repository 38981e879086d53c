"""Routes and models of rules and lists: check, backtest, draft, change.

docs/reference/http-api.md explains what each holds.
"""

from __future__ import annotations

from datetime import UTC
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from pydantic import AfterValidator, BaseModel, Field

from tollgate.core.rules.lexer import MAX_CHARACTERS
from tollgate.core.rules.rule import (
    FIRST_PRIORITY,
    LAST_PRIORITY,
    MAX_NAME,
    MAX_RULES,
    USUAL_PRIORITY,
    Rule,
    is_rule_name,
)
from tollgate.core.rules.value_lists import MAX_ENTRIES
from tollgate.errors import ConditionMissingError
from tollgate.handlers.http_api.models import Request
from tollgate.handlers.http_api.problems import LargeRoute, StrictRoute
from tollgate.handlers.http_api.values import Moment
from tollgate.services.container import open_container
from tollgate.services.rules.backtest import try_rules
from tollgate.services.rules.drafts import check_rules, save_draft, show_draft
from tollgate.services.rules.lists import change_list, replace_list, show_list


def _check_name(name: str) -> str:
    if not is_rule_name(name):
        raise ValueError(f"a rule's name has 1 to {MAX_NAME} characters, without ;")
    return name


class GivenRule(Request):
    """A rule as the detector file has it."""

    name: Annotated[str, AfterValidator(_check_name)]
    expression: str = Field(max_length=MAX_CHARACTERS)
    outcome: str
    priority: int = Field(USUAL_PRIORITY, ge=FIRST_PRIORITY, le=LAST_PRIORITY)
    enabled: bool = True
    shadow: bool = False
    expires_at: Moment = Field(None, description="Without a zone: UTC.")

    def to_rule(self) -> Rule:
        """Return the rule."""
        moment = self.expires_at
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return Rule(
            name=self.name,
            when=self.expression,
            outcome=self.outcome,
            shadow=self.shadow,
            priority=self.priority,
            expires_us=None if moment is None else round(moment.timestamp() * 1_000_000),
            enabled=self.enabled,
        )


class RulesRequest(Request):
    """Rules in the order in which they are written."""

    rules: list[GivenRule] = Field(max_length=MAX_RULES)
    detector: str | None = Field(None, description="Another detector than the deployment's own.")

    def to_rules(self) -> list[Rule]:
        """Return the rules."""
        return [rule.to_rule() for rule in self.rules]


class DraftRequest(RulesRequest):
    """Rules to save as the draft."""

    saved_by: str | None = Field(None, max_length=100, description="Whom to name beside the draft.")


class Finding(BaseModel):
    """What is wrong or odd about a rule."""

    rule: str
    severity: Literal["error", "warning"] = Field(description="An error refuses the rules, a warning is told.")
    kind: Literal["unreadable", "never_matches", "never_reached", "always_matches", "no_effect", "odd_comparison"]
    message: str = Field(description="Follows the name of the rule.")
    line: int | None = Field(description="From 1; null for what concerns the whole rule.")
    column: int | None


class CheckedRules(BaseModel):
    """What is wrong or odd about rules."""

    detector_version: str
    findings: list[Finding]


class HitFigures(BaseModel):
    """Some events of the test period."""

    events: int
    frauds: int
    legitimate: int
    saved: float | None = Field(description="What the frauds would have cost; null without a price, or if approved.")


class DowngradeFigures(BaseModel):
    """Events that a rule would have given a weaker outcome than their score alone."""

    outcome: str = Field(description="What the score alone gives.")
    events: int
    of: int = Field(description="All events that the score alone gives it.")
    frauds: int


class TriedRuleFigures(BaseModel):
    """What a rule would have done, as if it were switched on and acted."""

    rule: str
    outcome: str
    hits: HitFigures
    precision: float | None
    added: HitFigures = Field(description="Hits that no rule before it has.")
    disturbed: int = Field(description="Customers with a legitimate event that it hits, at most.")
    spent: float | None = Field(description="What reviewing or wrongly blocking its hits would have cost.")
    lacking: int = Field(description="Events that lack a value which it reads.")
    downgrades: list[DowngradeFigures] = Field(description="From each stronger outcome that the score alone gives.")
    rows: int = Field(description="Past events that it hits, from which the figures are estimated.")
    notes: list[str] = Field(description="Why it hits none of the events, or all; each follows its name.")


class TriedRules(BaseModel):
    """What rules would have done in the test period, in the order in which they are asked."""

    detector: str
    detector_version: str
    period: dict[str, str] | None
    events: int
    frauds: int
    rows: int = Field(description="Past events that were asked.")
    estimated: bool = Field(description="False: they are all events of the period, and figures are exact.")
    costs: dict[str, Any] | None
    rules: list[TriedRuleFigures]


class ToldRule(BaseModel):
    """A rule, its expression as it is written."""

    name: str
    expression: str
    outcome: str
    priority: int
    enabled: bool
    shadow: bool
    expires_at: str | None


class RulesDraft(BaseModel):
    """The draft of the next rules; without one, the rules of the version that decides."""

    detector: str
    detector_version: str
    rules_mode: Literal["FIRST_MATCHED", "ALL_MATCHED"]
    outcomes: list[str] = Field(description="Those that rules may have, from weak to strong.")
    rules: list[ToldRule]
    deciding: list[ToldRule] = Field(description="The rules of the version that decides.")
    findings: list[Finding]
    based_on: str = Field(description="The version that decided when the draft was saved.")
    saved_at: str | None
    saved_by: str | None
    etag: str | None = Field(description="What a change has to send in If-Match; null: there is no draft.")


class ListState(BaseModel):
    """A list as it is in the bucket."""

    detector: str
    list: str
    kind: Literal["text", "number"]
    entries: int
    sealed: bool = Field(description="The values are those of the version.")
    changed_at: str
    etag: str | None = Field(description="What a change has to send in If-Match; null: the values are those sealed.")


class ListPage(ListState):
    """A page of a list's values."""

    matching: int = Field(description="How many hold what was searched for.")
    values: list[str]
    cursor: str | None = Field(description="Of the next page; null at the end.")


# Each keeps its type: a whole number of twenty digits is an id, and true is no 1.
GivenValue = bool | str | int | float


class ListValues(Request):
    """Values to put in place of a list's."""

    values: list[GivenValue] = Field(max_length=MAX_ENTRIES)
    allow_empty: bool = Field(False, description="Without it, no values at all are refused.")


class ListChange(Request):
    """Values to add, and values to remove; one that is both is removed."""

    add: list[GivenValue] = Field([], max_length=MAX_ENTRIES)
    remove: list[GivenValue] = Field([], max_length=MAX_ENTRIES)


IfMatch = Annotated[str | None, Header(description="The etag of what is to be changed.")]
IfNoneMatch = Annotated[Literal["*"] | None, Header(description="In place of If-Match where the etag is null.")]


def _condition(if_match: str | None, if_none_match: str | None) -> str | None:
    """Return the ETag that a change has seen, None for none; raise `ConditionMissingError` if it does not say."""
    if if_match is not None:
        return if_match.strip().strip('"')
    if if_none_match is None:
        raise ConditionMissingError(
            "Send If-Match with the etag of what you have seen, or If-None-Match: * where its etag is null."
        )
    return None


routes = APIRouter(prefix="/v1", route_class=StrictRoute)
list_routes = APIRouter(prefix="/v1", route_class=LargeRoute)


@routes.post("/rules/check", response_model=CheckedRules)
async def post_rules_check(request: RulesRequest) -> dict[str, Any]:
    """Say what is wrong or odd about rules, before anything is saved."""
    return check_rules(open_container(), request.to_rules(), request.detector)


@routes.post("/rules/trial", response_model=TriedRules)
async def post_rules_trial(request: RulesRequest) -> dict[str, Any]:
    """Try rules on past events."""
    return try_rules(open_container(), request.to_rules(), request.detector)


@routes.get("/rules/draft", response_model=RulesDraft)
async def get_rules_draft(detector: str | None = None) -> dict[str, Any]:
    """Return the draft of the next rules."""
    return show_draft(open_container(), detector)


@routes.put("/rules/draft", response_model=RulesDraft)
async def put_rules_draft(
    request: DraftRequest, if_match: IfMatch = None, if_none_match: IfNoneMatch = None
) -> dict[str, Any]:
    """Save a draft of the next rules. It decides nothing."""
    etag = _condition(if_match, if_none_match)
    return save_draft(open_container(), request.to_rules(), request.saved_by, etag, request.detector)


@routes.get("/lists/{name}", response_model=ListPage)
async def get_list(
    name: str,
    search: Annotated[str, Query(max_length=256)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: str | None = None,
    detector: str | None = None,
) -> dict[str, Any]:
    """List the values of a list."""
    return show_list(open_container(), name, search, limit, cursor, detector)


@list_routes.put("/lists/{name}", response_model=ListState)
async def put_list(
    name: str,
    request: ListValues,
    detector: str | None = None,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> dict[str, Any]:
    """Put values in place of a list's."""
    etag = _condition(if_match, if_none_match)
    return replace_list(open_container(), name, request.values, etag, detector, may_be_empty=request.allow_empty)


@list_routes.patch("/lists/{name}", response_model=ListState)
async def patch_list(
    name: str,
    request: ListChange,
    detector: str | None = None,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> dict[str, Any]:
    """Add and remove values of a list."""
    etag = _condition(if_match, if_none_match)
    return change_list(open_container(), name, request.add, request.remove, etag, detector)
