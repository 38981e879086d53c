"""The requests of http-api.md, sent in their order, get the answers that stand there: same status, same shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tollgate.handlers import index
from tollgate.services.batches.process import score_batch

from tests.docs.pages import ROOT, read_blocks
from tests.doors.doors import call
from tests.services.backend import Backend, reseal, write_payments
from tests.services.decision_stream import read_stream

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

LISTS = {
    "mode": "FIRST_MATCHED",
    "order": ["approve", "review", "block"],
    "rules": [],
    "lists": {"denied": {"kind": "text", "values": ["c999001", "c999002", "c999003"]}},
}
PAGE = ROOT / "docs" / "reference" / "http-api.md"


@dataclass(frozen=True)
class Example:
    """A request as it is written, and the answer below it."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    status: int
    answer: dict[str, Any]


def read_examples() -> Iterator[Example]:
    blocks = read_blocks(PAGE, "http", "json")
    for request, answer in zip(blocks[::2], blocks[1::2], strict=True):
        assert (request.language, answer.language) == ("http", "json"), str(request)
        head, _, body = request.text.partition("\n\n")
        (method, path), *headers = (line.split(maxsplit=1) for line in head.splitlines())
        status = int(answer.before.removeprefix("Answer, ").removesuffix(":"))
        named = {name.rstrip(":").lower(): value for name, value in headers}
        yield Example(method, path, named, json.loads(body) if body.strip() else None, status, json.loads(answer.text))


def shape(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any JSON
    """Return what has to be alike in two answers: keys and kinds. Of a list, its first item."""
    if name == "curves":
        return shape(next(iter(value.values())))
    if name == "libraries":
        return "versions"
    if name == "reasons" and isinstance(value, list) and not any(isinstance(item, dict) for item in value):
        return "sentences"  # none for a row that is approved
    if isinstance(value, dict):
        return {key: shape(value[key], key) for key in sorted(value)}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    return "number" if isinstance(value, float | int) and not isinstance(value, bool) else type(value).__name__


def drop_payments(backend: Backend, announced: dict[str, Any], payment: dict[str, Any]) -> None:
    """Put two payments, one of them bad, where the API said, and score them as the batch function would."""
    rows = [payment, {**payment, "event_id": "p-1002", "amount": "12.50 USD"}]
    score_batch(backend.container, announced["key"], backend.drop(announced["key"], write_payments(rows)))


def publish_with_list(backend: Backend, folder: Path) -> bool:
    """Publish a version that has the list of the examples, and forget the one before it."""
    backend.publish(folder)
    backend.container.versions._open.clear()
    return True


def test_examples_are_answered_as_documented(backend: Backend, sample_version: Path, tmp_path: Path) -> None:
    examples = list(read_examples())
    assert len(examples) >= 9
    payment = next(example.body["event"] for example in examples if example.path == "/v1/decisions")
    ids: dict[str, str] = {}
    etag, has_list = "", False
    for example in examples:
        path = example.path
        for written, real in ids.items():
            path = path.replace(written, real)
        path, _, query = path.partition("?")
        if path in ("/v1/decisions", "/v1/summaries") and example.method == "GET":
            index.handler({"Records": read_stream(backend)}, None)
        if path.startswith("/v1/lists/") and not has_list:
            has_list = publish_with_list(backend, reseal(sample_version, tmp_path, rules=LISTS))
        headers = example.headers | ({"if-match": str(etag)} if "if-match" in example.headers else {})
        status, answer = call(example.method, path, example.body, query, headers)
        etag = answer.get("etag", "")
        place = f"{example.method} {example.path}"
        assert status == example.status, f"{place}: {answer}"
        if example.status >= 400:
            assert answer == example.answer, place
        if path == "/v1/detector":
            compare_detector(answer, example.answer)
        else:
            assert shape(answer) == shape(example.answer), place
        if example.method == "POST" and example.path == "/v1/batches":
            ids[example.answer["batch_id"]] = answer["batch_id"]
            drop_payments(backend, answer, payment)


def compare_detector(answer: dict[str, Any], written: dict[str, Any]) -> None:
    """Variables are compared by name, as the page shows two of them."""
    by_name = {variable["name"]: variable for variable in answer["event_type"]["variables"]}
    for variable in written["event_type"]["variables"]:
        assert shape(by_name[variable["name"]]) == shape(variable)
    for name in ("label", "outcomes", "description"):
        assert answer[name] == written[name]
    answer["event_type"]["variables"] = written["event_type"]["variables"]
    assert shape(answer) == shape(written)
