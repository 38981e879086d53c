"""Files of labels: each label counts once, each row is told of, and a run that was cut short goes on."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tollgate.core.decisions.decision import StoredLabel
from tollgate.services.batches.process import score_batch
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.labels import label_file as module
from tollgate.services.labels.label import label_events
from tollgate.services.labels.label_file import label_file

from tests.doors.doors import invoke, write_notice
from tests.services.backend import Backend, Payment, find_label
from tests.services.expected import expected_histories
from tests.services.killed import FragileClient, KilledError

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

UNSAID = {"note": None, "labelled_by": None}
KEY = "labels/payments/june.csv"
KNOWN_AT, KNOWN_S = "2026-06-01T00:00:00Z", 1_780_272_000.0


def write(rows: list[tuple[str, str, str]], header: str = "event_id,label,known_at") -> bytes:
    return "\n".join([header, *(",".join(row) for row in rows)]).encode() + b"\n"


def set_labels(backend: Backend, content: bytes, key: str = KEY) -> dict[str, Any]:
    return label_file(backend.container, key, backend.drop(key, content))


def results(backend: Backend, summary: dict[str, Any]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(backend.get(summary["results"]).decode())))


@pytest.fixture
def decided(container: Container, later_payments: list[Payment]) -> list[Payment]:
    """Four payments that were decided on."""
    payments = later_payments[:4]
    for payment in payments:
        decide_event(container, payment)
    return payments


def test_every_row_is_told_of(backend: Backend, decided: list[Payment]) -> None:
    ids = [str(payment["event_id"]) for payment in decided]
    rows = [
        (ids[0], "fraud", KNOWN_AT),
        (ids[0], "fraud", KNOWN_AT),
        (ids[1], "perhaps", ""),
        ("not-yet", "1", KNOWN_AT),
        ("", "fraud", ""),
        (ids[2], "legitimate", ""),
    ]
    content = write(rows) + b"too,few\n"
    summary = set_labels(backend, content)
    assert {name: summary[name] for name in ("rows", "accepted", "unchanged", "waiting", "failed")} == {
        "rows": 7, "accepted": 2, "unchanged": 1, "waiting": 1, "failed": 3,
    }  # fmt: skip
    told = results(backend, summary)
    assert [row["status"] for row in told] == [
        "accepted", "unchanged", "failed", "waiting", "failed", "accepted", "failed",
    ]  # fmt: skip
    assert 'Label "perhaps"' in told[2]["message"]
    assert "2 cells" in told[6]["message"]
    assert [error["row"] for error in summary["errors"]] == [3, 5, 7]
    assert backend.histories() == expected_histories(backend.container, *decided, known_s={0: KNOWN_S})


@pytest.mark.parametrize("bad", [("perhaps", ""), ("", ""), ("legitimate", "soon"), ("legitimate", "2062-01-01")])
def test_a_refused_label_leaves_the_event_to_the_right_one(
    backend: Backend, decided: list[Payment], bad: tuple[str, str]
) -> None:
    event_id = str(decided[0]["event_id"])
    summary = set_labels(backend, write([(event_id, *bad), (event_id, "fraud", KNOWN_AT), (event_id, *bad)]))
    assert [row["status"] for row in results(backend, summary)] == ["failed", "accepted", "failed"]
    assert backend.histories() == expected_histories(backend.container, *decided, known_s={0: KNOWN_S})


@pytest.mark.parametrize("header", ["event_id,label,known_at", "known_at,is_fraud,event_id"])
def test_columns_are_found_by_name(backend: Backend, decided: list[Payment], header: str) -> None:
    cells = {"event_id": decided[0]["event_id"], "label": "1", "is_fraud": "1", "known_at": KNOWN_AT}
    row = ",".join(str(cells[name]) for name in header.split(","))
    assert set_labels(backend, f"{header}\n{row}\n".encode())["accepted"] == 1
    assert find_label(backend.container, decided[0]["event_id"]) == StoredLabel("fraud", KNOWN_AT, **UNSAID)


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, "zstd", asbytes=True))


def to_lines(event_id: str) -> bytes:
    return json.dumps({"event_id": event_id, "label": 1, "known_at": KNOWN_AT, "note": [1]}).encode() + b"\n"


def to_csv(event_id: str) -> bytes:
    return write([(event_id, "fraud", KNOWN_AT)])


def to_parquet(event_id: str) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"event_id": [event_id], "label": [1], "known_at": [KNOWN_AT]}), out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("suffix", "write_one"),
    [
        ("csv", lambda one: to_csv(one).replace(b",", b";").replace(b"\n", b"\r\n")),
        ("csv", lambda one: to_csv(one).decode().replace(",", "\t").encode("utf-16")),
        ("csv.gz", lambda one: gzip.compress(to_csv(one))),
        ("csv.zst", lambda one: zstd(to_csv(one))),
        ("jsonl", to_lines),
        ("jsonl.gz", lambda one: gzip.compress(to_lines(one))),
        ("ndjson.zst", lambda one: zstd(to_lines(one))),
        ("parquet", to_parquet),
    ],
)
def test_files_of_payments_and_of_labels_are_of_the_same_kinds(
    backend: Backend, decided: list[Payment], suffix: str, write_one: Callable[[str], bytes]
) -> None:
    event_id = str(decided[0]["event_id"])
    summary = set_labels(backend, write_one(event_id), f"labels/payments/a.{suffix}")
    (told,) = results(backend, summary)
    assert (told["event_id"], told["status"], told["known_at"]) == (event_id, "accepted", KNOWN_AT)
    assert told.get("note") in (None, "[1]")
    assert find_label(backend.container, event_id) == StoredLabel("fraud", KNOWN_AT, **UNSAID)


def test_a_damaged_row_of_json_is_told_of(backend: Backend, decided: list[Payment]) -> None:
    ids = [str(payment["event_id"]) for payment in decided[:2]]
    content = to_lines(ids[0]) + b"{no JSON\n" + to_lines(ids[1])
    told = results(backend, set_labels(backend, content, "labels/payments/a.jsonl"))
    assert [row["status"] for row in told] == ["accepted", "failed", "accepted"]
    assert told[1]["message"].startswith("The row is not valid JSON")


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("csv.gz", gzip.compress(write([("e", "fraud", KNOWN_AT)] * 500), mtime=0)[:-20]),
        ("csv", b"event_id,label\xff\na,1\n"),
        ("csv", b"event_id,la\0bel\na,1\n"),
        ("csv", b"\n"),
        ("jsonl", b"[1]\n"),
        ("parquet", b"PAR1 no more"),
        ("xlsx", b"PK"),
    ],
)
def test_what_is_no_such_file_gets_the_sentence_of_a_file_of_payments(
    backend: Backend, decided: list[Payment], suffix: str, content: bytes
) -> None:
    state = set_labels(backend, content, f"labels/payments/a.{suffix}")
    assert state["status"] == "rejected"
    key = f"inbox/payments/a.{suffix}"
    batch = score_batch(backend.container, key, backend.drop(key, content))
    assert batch.reason == state["reason"]
    assert backend.histories() == expected_histories(backend.container, *decided)


def test_labels_that_unpack_to_too_much_are_rejected(
    backend: Backend, decided: list[Payment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 10_000)
    content = gzip.compress(write([(str(decided[0]["event_id"]), "fraud", "")] * 1000))
    assert "unpacks to more than" in set_labels(backend, content, "labels/payments/a.csv.gz")["reason"]
    assert backend.histories() == expected_histories(backend.container, *decided)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"event_id,known_at\na,\n", '"label"'),
        (b"label\n1\n", '"event_id"'),
        (b"event_id,label,is_fraud\na,1,1\n", "say the same"),
        (b"event_id,label\n", "no rows"),
        (b"", "empty"),
    ],
)
def test_a_file_that_is_none_of_labels_is_rejected(backend: Backend, content: bytes, reason: str) -> None:
    state = set_labels(backend, content)
    assert state["status"] == "rejected"
    assert reason in json.loads(backend.get(f"rejected/{state['batch_id']}/reason.json"))["reason"]


def test_too_many_labels_are_rejected(
    backend: Backend, decided: list[Payment], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollgate.core.files.labels.MAX_LABELS", 1)
    state = set_labels(backend, write([(str(payment["event_id"]), "1", "") for payment in decided]))
    assert "split it" in state["reason"]


def test_a_file_told_of_again_does_not_undo_a_correction(backend: Backend, decided: list[Payment]) -> None:
    event_id = str(decided[0]["event_id"])
    first = set_labels(backend, write([(event_id, "fraud", "")]))
    label_events(backend.container, [{"event_id": event_id, "label": "legitimate"}])
    assert set_labels(backend, write([(event_id, "fraud", "")])) == first
    assert backend.histories() == expected_histories(backend.container, *decided)


@pytest.mark.parametrize("seed", range(4))
def test_a_run_that_is_killed_goes_on(
    backend: Backend, later_payments: list[Payment], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(module, "BATCH_ROWS", 3)
    payments = later_payments[:10]
    for payment in payments[:7]:
        decide_event(backend.container, payment)
    etag = backend.drop(KEY, write([(str(payment["event_id"]), "fraud", KNOWN_AT) for payment in payments]))
    container = backend.container
    client: Any = FragileClient(container.decisions.client, 0.4, seed)
    dying = replace(container, decisions=replace(container.decisions, client=client))
    deaths = 0
    while True:
        try:
            summary = label_file(dying, KEY, etag)
            break
        except KilledError:
            deaths += 1
    assert deaths
    assert summary["failed"] == 0
    for payment in payments[7:]:
        decide_event(container, payment)
    assert backend.histories() == expected_histories(container, *payments, known_s=dict.fromkeys(range(10), KNOWN_S))


def test_a_notice_of_labels_sets_them(backend: Backend, decided: list[Payment]) -> None:
    etag = backend.drop(KEY, write([(str(decided[0]["event_id"]), "fraud", KNOWN_AT)]))
    assert invoke("batch", {"Records": [write_notice(KEY, etag)] * 2}) == {"batchItemFailures": []}
    assert backend.histories() == expected_histories(backend.container, *decided, known_s={0: KNOWN_S})
    assert not backend.container.states.page(10, None)[0]


@pytest.mark.parametrize("kind", [pa.binary_view(), pa.string_view(), pa.large_binary()], ids=str)
def test_labels_in_columns_of_any_type_are_set_but_for_those_that_cannot_be_read(
    backend: Backend, decided: list[Payment], kind: pa.DataType
) -> None:
    ids = [str(payment["event_id"]) for payment in decided[:2]]
    bad = b"x" if kind == pa.string_view() else b"\xff\xfe"
    table = pa.table(
        {
            "event_id": pa.array([ids[0].encode(), bad, ids[1].encode()], pa.binary()).cast(kind),
            "label": pa.array([b"fraud", b"fraud", b"legitimate"], pa.binary()).cast(kind),
            "spare": pa.array([b"=1", bad, None], pa.binary()).cast(kind),
        }
    )
    out = io.BytesIO()
    pq.write_table(table, out)
    summary = set_labels(backend, out.getvalue(), "labels/payments/june.parquet")
    told = results(backend, summary)
    assert [row["status"] for row in told][::2] == ["accepted", "accepted"]
    if kind != pa.string_view():
        assert (told[1]["status"], told[1]["event_id"], told[1]["spare"]) == ("failed", "fffe", "fffe")
        assert "not UTF-8 text" in told[1]["message"]
    assert told[0]["spare"] == "'=1"
