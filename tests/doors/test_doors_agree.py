"""The same odd events through every door: the same decision, or the same sentence about the same column."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tollgate import clock
from tollgate.services.batches.catalog import show_batch
from tollgate.services.batches.process import score_batch

from tests.doors.doors import call, invoke, write_kafka, write_kinesis
from tests.doors.odd_events import CSV, EVENTS, GONE, JSON, PARQUET, Odd
from tests.services.backend import Backend, Payment
from tests.services.stream_reading import Letters

pytest_plugins = ("tests.services.stream_fixture",)
pytestmark = pytest.mark.emulator

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEYS = ("event_id", "customer_id", "merchant_id", "device_id")


@dataclass(frozen=True)
class Said:
    """What a door answered to one event: a decision, or the column and the sentence by which it was refused."""

    score: int | None = None
    outcome: str | None = None
    column: str | None = None
    sentence: str | None = None


def write_event(payment: Payment, number: int, odd: Odd) -> dict[str, Any]:
    """Return a payment of its own customer, merchant and device, changed."""
    own = {name: f"{name}-{number}" for name in KEYS} | {"ip": f"10.0.{number // 250}.{number % 250}"}
    changed = {**payment, **own, **odd.changes}
    return {name: value for name, value in changed.items() if value is not GONE}


def refused(message: str) -> Said:
    """Take apart `Column "amount": "a lot" is not a number.`"""
    place, _, sentence = message.partition(": ")
    return Said(column=place.removeprefix("Column ").strip('"'), sentence=_without_now(sentence.removesuffix(".")))


def _without_now(sentence: str) -> str:
    return re.sub(r"lies .* ahead of now \([^)]*\)", "lies ahead of now", sentence)


def decided(answer: Mapping[str, Any]) -> Said:
    return Said(answer["score"], answer["outcome"])


def forget_events(backend: Backend) -> None:
    """Delete all decisions and histories, so that the next door meets the events as the first one did."""
    for table in (backend.container.decisions.table, backend.container.histories.table):
        for page in backend.dynamodb.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                backend.dynamodb.delete_item(TableName=table, Key={"pk": item["pk"]})


def by_http(events: Sequence[dict[str, Any]], content_type: str) -> Iterator[Said]:
    for event in events:
        status, answer = call("POST", "/v1/decisions", {"event": event}, headers={"content-type": content_type})
        assert status in (200, 422), answer
        yield decided(answer) if status == 200 else refused(answer["message"])


def by_stream(backend: Backend, letters: Letters, events: Sequence[dict[str, Any]]) -> list[Said]:
    """Put each event by itself on Kinesis or Kafka, in turns: what becomes of it is its decision or its letter."""
    said = []
    for event, write in zip(events, cycle((write_kinesis, write_kafka)), strict=False):
        assert invoke("stream", write([event])) == {"batchItemFailures": []}
        if told := letters():
            said.append(refused(told[0]["reason"]))
        else:
            pages = backend.dynamodb.get_paginator("scan").paginate(TableName=backend.container.decisions.table)
            (record,) = [one for page in pages for one in page["Items"] if one["pk"]["S"].startswith("e#")]
            _, _, event_id = record["pk"]["S"].split("#", 2)
            found = backend.container.decisions.find("payments", event_id)
            assert found is not None
            said.append(decided(found.decision.to_stored()))
        forget_events(backend)
    return said


def by_file(backend: Backend, name: str, content: bytes) -> list[Said]:
    key = f"inbox/payments/{name}"
    state = score_batch(backend.container, key, backend.drop(key, content))
    assert state.status == "done", state.reason
    summary = show_batch(backend.container, state.batch_id)["summary"]
    rows = list(csv.DictReader(io.StringIO(backend.get(summary["results"]).decode(), newline="")))
    wrong = {
        error["row"]: Said(column=error["column"], sentence=_without_now(error["message"]))
        for error in summary["errors"]
    }
    return [wrong.get(number) or Said(int(row["score"]), row["outcome"]) for number, row in enumerate(rows, start=1)]


def write_csv(events: Sequence[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(events[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(events)
    return out.getvalue().encode()


def write_lines(events: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def write_parquet(event: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({name: [value] for name, value in event.items()}), out)
    return out.getvalue()


@pytest.fixture
def events(payment: Payment) -> dict[str, dict[str, Any]]:
    return {name: write_event(payment, number, odd) for number, (name, odd) in enumerate(EVENTS.items())}


def test_there_are_many_and_some_of_each_kind() -> None:
    assert len(EVENTS) >= 60
    assert sum(odd.problem is not None for odd in EVENTS.values()) >= 25
    assert sum(odd.problem is None for odd in EVENTS.values()) >= 25


def test_every_door_says_the_same_of_every_event(
    backend: Backend, letters: Letters, events: dict[str, dict[str, Any]]
) -> None:
    with clock.set_to(NOW):
        _compare(backend, letters, events)


def _compare(backend: Backend, letters: Letters, events: dict[str, dict[str, Any]]) -> None:
    can = {form: [name for name, odd in EVENTS.items() if form in odd.forms] for form in (CSV, JSON, PARQUET)}
    every = list(events.values())
    said: dict[str, dict[str, Said]] = {}
    said["direct"] = dict(zip(events, by_http(every, "application/json"), strict=True))
    forget_events(backend)
    said["framework"] = dict(zip(events, by_http(every, "application/json; charset=utf-8"), strict=True))
    forget_events(backend)
    said["stream"] = dict(zip(events, by_stream(backend, letters, every), strict=True))
    some = [events[name] for name in can[JSON]]
    said["JSON lines"] = dict(zip(can[JSON], by_file(backend, "a.jsonl", write_lines(some)), strict=True))
    some = [events[name] for name in can[CSV]]
    said["CSV"] = dict(zip(can[CSV], by_file(backend, "a.csv", write_csv(some)), strict=True))
    said["Parquet"] = {
        name: by_file(backend, f"{number}.parquet", write_parquet(events[name]))[0]
        for number, name in enumerate(can[PARQUET])
    }
    differing = [
        f"{name}: {door} says {its[name]}, {expected}"
        for name, expected in said["direct"].items()
        for door, its in said.items()
        if name in its and its[name] != expected
    ]
    wrong = [
        f"{name}: {answer}"
        for name, answer in said["direct"].items()
        if (answer.column is None) != (EVENTS[name].problem is None)
        or (EVENTS[name].problem and not _fits(answer, EVENTS[name].problem or ("", "")))
    ]
    assert len({answer.score for answer in said["direct"].values()}) > 3
    assert "\n".join(wrong) == ""
    assert "\n".join(differing) == ""


def _fits(answer: Said, problem: tuple[str, str]) -> bool:
    column, words = problem
    return answer.column == column and words in (answer.sentence or "")


def test_a_refused_event_leaves_its_id_to_the_right_one_at_every_door(
    backend: Backend, letters: Letters, payment: Payment
) -> None:
    wrong = {name: odd for name, odd in EVENTS.items() if odd.problem and not odd.changes.keys() & {"event_id"}}
    pairs = {
        name: [write_event(payment, number, odd), write_event(payment, number, EVENTS["as it is"])]
        for number, (name, odd) in enumerate(wrong.items())
    }
    assert len(pairs) >= 15
    with clock.set_to(NOW):
        said = {"HTTP": dict(zip(pairs, _in_pairs(by_http(_both(pairs), "application/json")), strict=True))}
        forget_events(backend)
        for name, pair in pairs.items():
            assert invoke("stream", write_kinesis(pair)) == {"batchItemFailures": []}
            assert len(letters()) == 1, name
            assert backend.container.decisions.find("payments", pair[1]["event_id"]) is not None, name
        for form, write in ((CSV, write_csv), (JSON, write_lines)):
            some = {name: pair for name, pair in pairs.items() if form in wrong[name].forms}
            content = write(_both(some))
            told = by_file(backend, "a.jsonl" if form == JSON else "a.csv", content)
            said[form] = dict(zip(some, _in_pairs(told), strict=True))
    for door, its in said.items():
        for name, (first, second) in its.items():
            assert (first.column is not None, second.column) == (True, None), f"{door}: {name}: {first}, {second}"


def _both(pairs: Mapping[str, Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [event for pair in pairs.values() for event in pair]


def _in_pairs(said: Iterable[Said]) -> list[tuple[Said, Said]]:
    every = list(said)
    return list(zip(every[::2], every[1::2], strict=True))
