"""Every body that the HTTP API reads, and every line and record, is held to the same JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tollgate.core.events.strict_json import read_json
from tollgate.core.files.readers.chunks import ReadOptions, open_chunks
from tollgate.core.files.readers.source import Held
from tollgate.errors import InputError

from tests.doors.doors import call, invoke, write_kafka, write_kinesis
from tests.services.stream_reading import Letters

pytest_plugins = ("tests.services.stream_fixture",)

OPENAPI = Path(__file__).parents[2] / "docs/reference/openapi.json"
BODIES = {
    "a name twice": '{"event": {"amount": 1, "amount": 1}}',
    "a name twice above": '{"labels": [], "labels": []}',
    "a name twice within": '{"labels": [{"event_id": "a", "event_id": "b", "label": 1}], "values": [{"a": 1, "a": 1}]}',
    "NaN": '{"event": {"amount": NaN}}',
    "-Infinity": '{"values": [-Infinity]}',
    "1e400": '{"values": [1e400]}',
    "5000 digits": f'{{"values": [{"9" * 5_000}]}}',
    "half a character": '{"event": {"event_id": "\\ud800"}}',
    "nested": '{"event": ' + "[" * 40 + "]" * 40 + "}",
    "empty": " ",
    "two": '{"event": {}} {"event": {}}',
}


def routes_with_bodies() -> list[tuple[str, str]]:
    described = json.loads(OPENAPI.read_text(encoding="utf-8"))
    return [
        (method.upper(), path.replace("{name}", "watched_merchants"))
        for path, methods in described["paths"].items()
        for method, route in methods.items()
        if "requestBody" in route
    ]


def test_there_are_routes_with_bodies() -> None:
    found = routes_with_bodies()
    assert {"POST", "PUT", "PATCH"} == {method for method, _ in found}
    assert {"/v1/decisions", "/v1/labels", "/v1/what-if", "/v1/rules/draft"} <= {path for _, path in found}


def sentence_of(body: str) -> str:
    with pytest.raises(InputError) as refused:
        read_json(body.encode())
    return str(refused.value)


@pytest.mark.emulator
@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("more", [{}, {"content-type": "application/json; charset=utf-8"}], ids=["direct", "framework"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_every_route_refuses_it_with_the_same_sentence(body: str, more: dict[str, str]) -> None:
    for method, path in routes_with_bodies():
        status, answer = call(method, path, body, headers={"if-none-match": "*", **more})
        assert (status, answer["code"], answer["message"]) == (422, "invalid_input", sentence_of(body)), path


@pytest.mark.parametrize("body", [body for body in BODIES.values() if body.strip()])
def test_a_line_of_a_file_is_refused_with_the_same_reason(body: str) -> None:
    content = b'{"event": 1}\n' + body.encode() + b"\n"
    (chunk,) = open_chunks("a.jsonl", Held(content), ReadOptions())
    assert f"This {chunk.misshapen[1]}." == sentence_of(body)


@pytest.mark.emulator
@pytest.mark.usefixtures("backend")
def test_a_record_is_refused_with_the_same_reason(letters: Letters) -> None:
    lot: list[Any] = [body.encode() for body in BODIES.values()]
    for write in (write_kinesis, write_kafka):
        assert invoke("stream", write(lot)) == {"batchItemFailures": []}
        reasons = sorted(letter["reason"].removeprefix("The record") for letter in letters())
        assert reasons == sorted(sentence_of(body).removeprefix("This") for body in BODIES.values())
