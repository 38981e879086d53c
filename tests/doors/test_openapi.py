"""The committed description of the HTTP API is what the function answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
OPENAPI = ROOT / "docs/reference/openapi.json"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    from tollgate.handlers.http_api.app import app  # noqa: PLC0415 - wants the loop that a fixture sets

    return app.openapi()


def test_the_committed_description_is_up_to_date(described: dict[str, Any]) -> None:
    assert json.loads(OPENAPI.read_text(encoding="utf-8")) == described, "run python scripts/write_openapi.py"


def test_the_script_writes_what_is_committed() -> None:
    code = "from write_openapi import describe_api; print(describe_api(), end='')"
    written = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=ROOT / "scripts", capture_output=True, check=True
    )
    assert written.stdout.decode() == OPENAPI.read_text(encoding="utf-8")


def test_every_route_tells_its_problems(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method, route in methods.items():
            assert {"4XX", "5XX"} <= set(route["responses"]), f"{method} {path}"


def test_every_route_of_the_contract_is_there(described: dict[str, Any]) -> None:
    routes = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    assert routes == {
        ("POST", "/v1/decisions"),
        ("GET", "/v1/decisions"),
        ("GET", "/v1/decisions/{event_id}"),
        ("GET", "/v1/summaries"),
        ("POST", "/v1/what-if"),
        ("GET", "/v1/inbox"),
        ("POST", "/v1/labels"),
        ("GET", "/v1/detector"),
        ("GET", "/v1/detector/evaluation"),
        ("GET", "/v1/detector/versions"),
        ("POST", "/v1/rules/check"),
        ("POST", "/v1/rules/trial"),
        ("GET", "/v1/rules/draft"),
        ("PUT", "/v1/rules/draft"),
        ("GET", "/v1/lists/{name}"),
        ("PUT", "/v1/lists/{name}"),
        ("PATCH", "/v1/lists/{name}"),
        ("GET", "/v1/detector/contributions"),
        ("GET", "/v1/detector/contributions/{feature}"),
        ("POST", "/v1/batches"),
        ("GET", "/v1/batches"),
        ("GET", "/v1/batches/{batch_id}"),
        ("GET", "/v1/healthz"),
    }
