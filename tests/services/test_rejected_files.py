"""Files that cannot be used at all: rejected with a reason that says what to do."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from tollgate.errors import NotFoundError
from tollgate.services.batches.catalog import list_batches, show_batch
from tollgate.services.batches.process import score_batch
from tollgate.settings import read_settings

from tests.services.backend import Backend, Payment, forget_storage, write_payments

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

HEADER = (
    b"event_id,timestamp,amount,customer_id,merchant_id,merchant_category,device_id,ip,latitude,longitude,channel\n"
)
ROW = b"1,2026-06-01T00:00:00Z,1,c,m,grocery,d,10.0.0.1,1,1,online\n"


def parquet(**columns: Any) -> bytes:  # noqa: ANN401 - whatever Arrow takes
    buffer = io.BytesIO()
    pa.parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


BAD_FILES: dict[str, tuple[str, bytes, str]] = {
    "another kind": ("a.xlsx", b"PK", "not one of .csv"),
    "no suffix": ("payments", b"a,b\n", "not one of .csv"),
    "empty": ("a.csv", b"", "is empty"),
    "empty Parquet": ("a.parquet", b"", "is empty"),
    "header only": ("a.csv", HEADER, "no rows"),
    "blank lines": ("a.csv", b"\n\n\n", "no header"),
    "a column lacks": ("a.csv", HEADER.replace(b"amount", b"amuont") + ROW, 'lacks the declared column "amount"'),
    "a column twice": (
        "a.csv", HEADER.replace(b"\n", b",amount\n") + ROW.replace(b"\n", b",2\n"), "more than one column"
    ),
    "not gzip": ("a.csv.gz", HEADER + ROW, "not whole gzip"),
    "half of gzip": ("a.csv.gz", gzip.compress((HEADER + ROW) * 50, mtime=0)[:-20], "not whole gzip"),
    "a folded image": ("a.csv.gz", gzip.compress(b"\x89PNG\r\n\x1a\n\0\0", mtime=0), "a PNG picture, packed once more"),
    "not Parquet": ("a.parquet", HEADER + ROW, "not a Parquet file"),
    "half of Parquet": ("a.parquet", parquet(event_id=["1"] * 500)[:-40], "not a Parquet file"),
    "Parquet without the columns": ("a.parquet", parquet(event_id=["1"]), "lacks the declared column"),
    "Parquet without rows": ("a.parquet", parquet(event_id=pa.array([], pa.string())), "no rows"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_rejected(backend: Backend, name: str, content: bytes, reason: str) -> None:
    key = f"inbox/payments/{name}"
    batch_id = score_batch(backend.container, key, backend.drop(key, content)).batch_id
    batch = show_batch(backend.container, batch_id)
    assert batch["status"] == "rejected"
    assert reason in batch["reason"]
    assert batch["finished_at"] >= batch["created_at"]
    assert (batch["summary"], batch["downloads"]) == (None, None)
    told = json.loads(backend.get(f"rejected/{batch_id}/reason.json"))
    assert told == {"batch_id": batch_id, "file": key, "reason": batch["reason"]}
    assert not backend.keys("results/")


@pytest.mark.parametrize("at", range(0, 1_000, 53))
def test_a_damaged_parquet_file_is_rejected_or_read(backend: Backend, payment: Payment, at: int) -> None:
    content = bytearray(parquet(**{name: [value] for name, value in payment.items()}))
    content[at * len(content) // 1_000] ^= 0xFF
    key = "inbox/payments/a.parquet"
    assert score_batch(backend.container, key, backend.drop(key, bytes(content))).status in ("done", "rejected")


def test_an_unknown_detector_in_the_key_is_rejected(backend: Backend, payment: Payment) -> None:
    key = "inbox/nobody/a.csv"
    batch_id = score_batch(backend.container, key, backend.drop(key, write_payments([payment]))).batch_id
    batch = show_batch(backend.container, batch_id)
    assert (batch["status"], batch["detector"]) == ("rejected", "nobody")
    assert 'no detector "nobody"' in batch["reason"]
    assert list_batches(backend.container, 20, None)["batches"][0]["status"] == "rejected"


def test_a_file_that_is_gone_is_rejected(backend: Backend) -> None:
    state = score_batch(backend.container, "inbox/payments/gone.csv", "etag")
    assert state.status == "rejected"
    assert "drop it again" in str(state.reason)


def test_a_rejected_file_is_scored_when_it_is_dropped_again_and_can_be(backend: Backend, payment: Payment) -> None:
    key, content = "inbox/payments/back.csv", write_payments([payment])
    etag = backend.drop(key, content)
    backend.container.batches.s3.delete_object(Bucket=backend.bucket, Key=key)
    rejected = score_batch(backend.container, key, etag)
    assert rejected.status == "rejected"

    scored = score_batch(backend.container, key, backend.drop(key, content))

    assert scored.batch_id == rejected.batch_id
    assert (scored.status, scored.rows, scored.reason) == ("done", 1, None)


def test_a_file_that_is_too_large_is_rejected(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOLLGATE_LARGEST_FILE_BYTES", str(1 << 20))
    forget_storage()
    assert read_settings().largest_file_bytes == 1 << 20
    plain = HEADER + b"".join(ROW.replace(b"1,", b"%d," % n, 1) for n in range(20_000))
    for key, content in {"inbox/a.csv": plain, "inbox/a.csv.gz": gzip.compress(plain)}.items():
        state = score_batch(backend.container, key, backend.drop(key, content))
        assert (state.status, "1 MB; split it" in str(state.reason)) == ("rejected", True)


def test_a_file_with_more_keys_than_the_function_remembers_is_rejected(
    backend: Backend, payment: Payment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOLLGATE_HISTORIES_SHARE", "0.002")
    forget_storage()
    payments = [{**payment, "event_id": f"many {n}", "customer_id": f"c{n}", "device_id": f"d{n}"} for n in range(9000)]
    key = "inbox/payments/many.csv"
    batch_id = score_batch(backend.container, key, backend.drop(key, write_payments(payments))).batch_id
    batch = show_batch(backend.container, batch_id)
    assert batch["status"] == "rejected"
    assert "more keys than the 4 MB for its histories hold" in batch["reason"]
    assert "Spark application" in batch["reason"]


def test_a_repeated_notice_of_a_rejected_file_changes_nothing_but_the_time(backend: Backend, payment: Payment) -> None:
    key = "inbox/nobody/a.csv"
    etag = backend.drop(key, write_payments([payment]))
    first = score_batch(backend.container, key, etag)
    again = score_batch(backend.container, key, etag)
    assert (again.status, again.reason, again.created_at) == (first.status, first.reason, first.created_at)


def test_an_unknown_batch_is_not_found(backend: Backend) -> None:
    with pytest.raises(NotFoundError, match='no batch "nobody"'):
        show_batch(backend.container, "nobody")
    with pytest.raises(NotFoundError):
        show_batch(backend.container, "x" * 3_000)
