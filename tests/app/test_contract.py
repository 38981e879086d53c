"""What the contract's server answers is what the API's description says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.app import contract_shapes as shapes
from tests.app import model_shapes
from tests.app.contract_server import Contract

OPENAPI = json.loads((Path(__file__).parents[2] / "docs/reference/openapi.json").read_text(encoding="utf-8"))
EVENT = shapes.event(700.0)
INBOX_FILE = {
    "key": "inbox/a.csv", "filename": "a.csv", "detector": "payments", "batch_id": "b0001", "size_bytes": 2,
    "put_at": "2026-11-23T18:58:04Z", "status": "queued",
}  # fmt: skip


def check(name: str, answer: Any) -> None:  # noqa: ANN401 - any JSON
    schema = {"$ref": f"#/components/schemas/{name}", "components": OPENAPI["components"]}
    problems = [f"{list(error.path)}: {error.message}" for error in Draft202012Validator(schema).iter_errors(answer)]
    assert problems == []


@pytest.mark.parametrize("reasons", ["none", "all"])
def test_what_if_is_answered_as_described(contract: Contract, reasons: str) -> None:
    question = {"event": EVENT, "variants": [{"amount": 2_000.0}], "reasons": reasons, "histories": reasons == "all"}
    check("WhatIfRequest", question)
    status, answer = contract.answer("POST", "/v1/what-if", question)
    assert status == 200
    check("WhatIfAnswer", answer)


def test_the_inbox_is_answered_as_described(contract: Contract) -> None:
    contract.inbox = [INBOX_FILE]
    check("Inbox", contract.answer("GET", "/v1/inbox", {})[1])


def test_batches_are_answered_as_described(contract: Contract) -> None:
    check("BatchPage", contract.answer("GET", "/v1/batches", {})[1])
    check("Batch", contract.answer("GET", "/v1/batches/b0003", {})[1])
    check("AnnouncedBatch", contract.answer("POST", "/v1/batches", {"filename": "a.csv"})[1])


def test_what_features_do_is_answered_as_described(contract: Contract) -> None:
    check("Contributions", contract.answer("GET", "/v1/detector/contributions", {})[1])
    check("Dependence", contract.answer("GET", "/v1/detector/contributions/amount", {})[1])
    check("Summaries", model_shapes.summaries())


def test_what_differs_is_seen(contract: Contract) -> None:
    _, answer = contract.answer("POST", "/v1/what-if", {"event": EVENT, "reasons": "none"})
    with pytest.raises(AssertionError, match="score"):
        check("WhatIfAnswer", {**answer, "unchanged": {**answer["unchanged"], "score": "high"}})
