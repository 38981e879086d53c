"""The stream of a test's table of decisions."""

from __future__ import annotations

from typing import Any

from localstack.table_source import TableSource
from tests.services.backend import Backend

Record = dict[str, Any]


def read_stream(backend: Backend) -> list[Record]:
    """Return all records so far that the index function would get."""
    source = TableSource(backend.environment["AWS_ENDPOINT_URL"], backend.container.decisions.table)
    found: list[Record] = []
    while lot := source.read():
        found += [sent.record for sent in lot]
    return found
