"""Decisions in the index, and searches of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tollgate.handlers.index import handler
from tollgate.services.search.search import search_decisions
from tollgate.services.search.terms import SearchTerms

from tests.services.backend import Backend
from tests.services.decision_stream import Record

Found = list[dict[str, Any]]


def index(records: Sequence[Record], lot: int = 7) -> None:
    for start in range(0, len(records), lot):
        assert handler({"Records": list(records[start : start + lot])}, None) == {"batchItemFailures": []}


def search(backend: Backend, **terms: Any) -> Found:  # noqa: ANN401 - whatever is searched for
    found: Found = search_decisions(backend.container, SearchTerms(**terms))["decisions"]
    return found
