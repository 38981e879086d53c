"""Case: a decision, its customer's payments, and payments that share an entity with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from app import clock
from app.api.client import Api, Json
from app.api.detector import Detector
from app.api.errors import ApiProblem

HISTORY_DAYS, LINK_DAYS = 30, 14
# Days before the decision, and the number of payments to load.
_OF_CUSTOMER, _OF_LINK = (HISTORY_DAYS, 60), (LINK_DAYS, 25)
_MAX_LINKS = 2
# Longest period of a search.
_MAX_DAYS = 92


@dataclass(frozen=True)
class Case:
    """A stored decision. ``history`` and each of ``linked`` are None if they could not be loaded."""

    decision: Json
    who: tuple[str, str] | None
    history: Sequence[Json] | None
    linked: Mapping[tuple[str, str], Sequence[Json] | None]


def load_case(api: Api, detector: Detector, event_id: str) -> Case:
    """Load a decision and related payments; raise ``ApiProblem`` without the decision."""
    decision = load_decision(api.url, event_id, api)
    shared = shared_keys(detector, decision.get("event") or {})
    decided = date.fromisoformat(str(decision["decided_at"])[:10])
    who = shared[0] if shared else None

    def ask(one: tuple[str, str]) -> list[Json] | None:
        days, limit = _OF_CUSTOMER if one == who else _OF_LINK
        first = decided - timedelta(days)
        last = min(first + timedelta(_MAX_DAYS - 1), max(decided, clock.today()))
        try:
            return _load_payments(api.url, ":".join(one), first, last, limit, api)
        except ApiProblem:  # the case is shown without it
            return None

    # One after the other: at once, they would take instances of the API's function that have to start first.
    found = {one: ask(one) for one in shared}
    return Case(decision, who, found.pop(who) if who else (), found)


def entity_columns(detector: Detector) -> dict[str, str]:
    """Return the column of each entity that can be searched for: pairs, such as customer + device, cannot."""
    columns: dict[str, list[str]] = {}
    for variable in detector.variables:
        for entity in variable.entities:
            columns.setdefault(entity, []).append(variable.name)
    return {entity: names[0] for entity, names in columns.items() if len(names) == 1}


def shared_keys(detector: Detector, event: Json) -> list[tuple[str, str]]:
    """Return the entities of one column that an event may share with others, with their keys, the customer first."""
    single = entity_columns(detector)
    keys = [(entity, str(event[name]).strip()) for entity, name in single.items() if event.get(name) not in (None, "")]
    return sorted(keys, key=lambda one: one[0] != "customer")[: 1 + _MAX_LINKS]


def forget_case(api: Api, event_id: str) -> None:
    """Drop a decision from the cache: its label changed."""
    load_decision.clear(api.url, event_id, api)


@st.cache_data(ttl=120, max_entries=200, show_spinner=False)
def load_decision(url: str, event_id: str, _api: Api) -> Json:  # noqa: ARG001 - the cache's key
    """Return a stored decision with all its reasons, or without them if they are no longer available."""
    try:
        return _api.decision(event_id, reasons="all")
    except ApiProblem as problem:
        if problem.status != 422:
            raise
        return _api.decision(event_id)


@st.cache_data(ttl=120, max_entries=400, show_spinner=False)
def _load_payments(url: str, entity: str, first: date, last: date, limit: int, _api: Api) -> list[Json]:  # noqa: ARG001 - the cache's key
    terms = {"entity": entity, "from": first.isoformat(), "to": last.isoformat(), "limit": str(limit)}
    found: list[Json] = _api.search(terms)["decisions"]
    return found
