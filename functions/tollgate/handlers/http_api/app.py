"""FastAPI application: the routes of the HTTP API, and its description."""

from __future__ import annotations

import logging
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Query, Response
from mangum import Mangum

from tollgate.core.decisions.decision import Decision, StoredDecision
from tollgate.core.explanations.explain import Wanted
from tollgate.handlers.http_api import models, rules, search
from tollgate.handlers.http_api.access_log import LoggedApp
from tollgate.handlers.http_api.contributions import Contributions, Dependence
from tollgate.handlers.http_api.detectors import Detector, Evaluation, Versions
from tollgate.handlers.http_api.encoding import write_decision
from tollgate.handlers.http_api.problems import StrictRoute, answer_problems
from tollgate.services.batches.catalog import announce_batch, list_batches, list_inbox, show_batch
from tollgate.services.container import open_container
from tollgate.services.decisions.decide import decide_and_publish
from tollgate.services.decisions.find import find_decision
from tollgate.services.decisions.what_if import what_if
from tollgate.services.detectors.contributions import describe_contributions, describe_dependence
from tollgate.services.detectors.describe import describe_detector, describe_evaluation, list_versions
from tollgate.services.labels.label import label_events
from tollgate.services.search.search import search_decisions
from tollgate.services.search.summarize import summarize_decisions

routes = APIRouter(prefix="/v1", route_class=StrictRoute)
_PROBLEMS: dict[int | str, dict[str, Any]] = {"4XX": {"model": models.Problem}, "5XX": {"model": models.Problem}}


@routes.post("/decisions", response_model=Decision)
async def post_decision(request: models.DecisionRequest) -> Response:
    """Decide on one event. The same event id again gives the first decision again, and changes nothing."""
    decision = decide_and_publish(open_container(), request.event, request.detector, request.reasons)
    return Response(write_decision(decision), media_type="application/json")


@routes.get("/decisions", response_model=search.DecisionPage)
async def get_decisions(query: Annotated[search.SearchQuery, Query()]) -> dict[str, Any]:
    """List decisions by day, outcome, label, rule, entity and score."""
    return search_decisions(open_container(), query.to_terms())


@routes.get("/summaries", response_model=search.Summaries)
async def get_summaries(query: Annotated[search.SummaryQuery, Query()]) -> dict[str, Any]:
    """Return what the decisions of each day come to."""
    return summarize_decisions(open_container(), query.to_terms())


@routes.get("/decisions/{event_id:path}", response_model=StoredDecision)
async def get_decision(event_id: str, detector: str | None = None, reasons: Wanted | None = None) -> StoredDecision:
    """Return the decision on an event, with the reasons that it was given with, or as many as are asked for."""
    return find_decision(open_container(), event_id, detector, reasons)


@routes.post("/what-if", response_model=models.WhatIfAnswer)
async def post_what_if(request: models.WhatIfRequest) -> Any:  # noqa: ANN401 - read by its attributes
    """Decide on an event and on variants of it. Nothing is recorded, and no history learns of them."""
    return what_if(open_container(), request.to_question())


@routes.post("/labels", response_model=models.LabelsAnswer)
async def post_labels(request: models.LabelsRequest) -> dict[str, Any]:
    """Say what events turned out to be; the histories of their entities learn of frauds."""
    return label_events(open_container(), request.labels, request.detector)


@routes.get("/detector", response_model=Detector)
async def get_detector(detector: str | None = None) -> dict[str, Any]:
    """Describe the detector version that decides."""
    return describe_detector(open_container().champion(detector))


@routes.get("/detector/evaluation", response_model=Evaluation)
async def get_evaluation(detector: str | None = None) -> dict[str, Any]:
    """Return how well the models of the detector version that decides did."""
    return describe_evaluation(open_container().champion(detector))


@routes.get("/detector/versions", response_model=Versions)
async def get_versions(limit: Annotated[int, Query(ge=1, le=50)] = 20, detector: str | None = None) -> dict[str, Any]:
    """List the sealed versions of a detector, newest first."""
    return list_versions(open_container(), limit, detector)


@routes.get("/detector/contributions", response_model=Contributions)
async def get_contributions(detector: str | None = None) -> dict[str, Any]:
    """Return how much each feature, and each group of them, moved the scores of past events."""
    return describe_contributions(open_container(), detector)


@routes.get("/detector/contributions/{feature:path}", response_model=Dependence)
async def get_dependence(feature: str, detector: str | None = None) -> dict[str, Any]:
    """Return how the value of one feature moves scores, and the past events for which it did most."""
    return describe_dependence(open_container(), feature, detector)


@routes.post("/batches", status_code=201, response_model=models.AnnouncedBatch)
async def post_batch(request: models.BatchRequest) -> dict[str, Any]:
    """Return where to put a file of payments."""
    return announce_batch(open_container(), request.filename, request.detector)


@routes.get("/batches", response_model=models.BatchPage)
async def get_batches(limit: Annotated[int, Query(ge=1, le=100)] = 20, cursor: str | None = None) -> dict[str, Any]:
    """List batches, newest first."""
    return list_batches(open_container(), limit, cursor)


@routes.get("/inbox", response_model=models.Inbox)
async def get_inbox() -> dict[str, Any]:
    """List the files that were put into the inbox last, newest first, and how far each is."""
    return list_inbox(open_container())


@routes.get("/batches/{batch_id}", response_model=models.Batch)
async def get_batch(batch_id: str) -> dict[str, Any]:
    """Return how far a batch is, and its results when it is done."""
    return show_batch(open_container(), batch_id)


@routes.get("/healthz", response_model=models.Health)
async def get_health() -> dict[str, Any]:
    """Say that the function answers, and with which version."""
    version = open_container().champion()
    return {"status": "ok", "detector": version.detector, "detector_version": version.version}


# Mangum logs errors with their messages, which may quote values of an event; they are logged already.
logging.getLogger("mangum").setLevel(logging.CRITICAL)

app = FastAPI(title="Tollgate", description="Fraud decisions in milliseconds.", version="1")
for router in (routes, rules.routes, rules.list_routes):
    app.include_router(router, responses=_PROBLEMS)
answer_problems(app)
app.add_middleware(LoggedApp)
handle = Mangum(app, lifespan="off")
