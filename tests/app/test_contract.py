"""What the contract's server answers is what the API's description says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app import contract_shapes as shapes
from tests.app import model_shapes
from tests.app.contract_schema import find_problems
from tests.app.contract_server import Contract

EVENT = shapes.event(700.0)
INBOX_FILE = {
    "key": "inbox/a.csv", "filename": "a.csv", "detector": "payments", "batch_id": "b0001", "size_bytes": 2,
    "put_at": "2026-11-23T18:58:04Z", "status": "queued",
}  # fmt: skip


def check(name: str, answer: Any) -> None:  # noqa: ANN401 - any JSON
    assert find_problems(name, answer) == []


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


def test_an_answer_that_drifts_is_noted(contract: Contract) -> None:
    contract.detector.pop("files")
    contract.answer("GET", "/v1/detector", {})
    assert contract.drift == ["GET /v1/detector: : 'files' is a required property"]
    contract.drift.clear()
