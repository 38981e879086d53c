from __future__ import annotations

import gzip
import io
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from app.detector import read_detector
from app.file_check import check_file
from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract
from tests.app.contract_shapes import detector_document

HEADER = (
    "event_id,timestamp,amount,customer_id,merchant_id,device_id,ip,"
    "merchant_category,channel,latitude,longitude,express,is_fraud\n"
)
FILE = (HEADER + "e-1,2026-06-01T00:00:00Z,12.5,C1,M1,D1,192.0.2.1,fuel,web,48.1,11.6,true,0\n").encode()
DETECTOR = read_detector(detector_document())


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("batch").run()


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    page.file_uploader[0].set_value((name, content, "application/octet-stream"))
    return page.run()


def score_button(page: AppTest) -> list[object]:
    return [button for button in page.button if button.label == "Score this file"]


def test_the_latest_batch_is_shown_with_counts_and_money(page: AppTest) -> None:
    said = texts(page)
    assert not page.exception
    assert "payments-2026-06.csv.gz" in said
    assert "Scored 12,477 3 rows failed" in said
    assert "Review 237 1.9 %, $42,910" in said
    assert "Block 137 1.1 %, $58,378" in said
    assert "Highest risk (40)" in said
    assert "Rows that failed (3)" in said
    assert [button.label for button in page.link_button] == [
        "Download results (CSV)",
        "Download results (Parquet)",
        "Download summary (JSON)",
    ]


def test_a_rejected_batch_says_why(open_page: OpenPage) -> None:
    page = open_page("batch")
    page.query_params["batch"] = "b0002"
    page.run()
    assert 'Column "amount" is missing' in texts(page)


def test_a_batch_that_was_given_up_says_why_and_what_to_do(contract: Contract, open_page: OpenPage) -> None:
    contract.add_batch("b0009", "july.csv", "failed", "Given up after 3 tries: the bucket did not answer")
    said = texts(open_page("batch").run())
    assert "tollgate redrive" in said
    assert "Given up after 3 tries" in said


def test_recording_is_told(contract: Contract, open_page: OpenPage) -> None:
    contract.add_batch("b0009", "july.csv", "running")
    contract.batches["b0009"]["progress"] = {"phase": "recording", "recorded": 990}
    page = open_page("batch").run()
    assert "Recording: 990 histories" in page.get("progress")[0].proto.text


def test_without_a_batch_the_page_says_what_will_be_there(contract: Contract, open_page: OpenPage) -> None:
    contract.batches.clear()
    page = open_page("batch").run()
    assert "No batch yet" in texts(page)


def test_a_file_is_uploaded_watched_and_summarised(page: AppTest, contract: Contract) -> None:
    upload(page, "june.csv", FILE)
    assert "Not used for the score: is_fraud." in texts(page)
    next(button for button in page.button if button.label == "Score this file").click().run()
    assert not page.exception
    assert contract.uploads == {"b0004": FILE}
    assert "Waiting for its turn" in page.get("progress")[0].proto.text
    page.run()
    bar = page.get("progress")[0].proto
    assert "Scoring: 6,240 of about 12,480 rows, 2 failed" in bar.text
    assert bar.value == 50
    page.run()
    assert "june.csv" in texts(page)
    assert not page.get("progress")


def test_a_file_that_does_not_fit_is_not_uploaded(page: AppTest, contract: Contract) -> None:
    upload(page, "june.csv", FILE.replace(b"customer_id", b"custmer_id"))
    assert "Column customer_id is missing: is it custmer_id? Then rename that column." in texts(page)
    assert not score_button(page)
    assert not contract.uploads


def columns_of(names: str, kind: str) -> tuple[str, bytes]:
    if kind == "parquet":
        buffer = io.BytesIO()
        pq.write_table(pa.table({name: ["1"] for name in names.strip().split(",")}), buffer)
        return "a.parquet", buffer.getvalue()
    text = names.encode("utf-8-sig")
    return ("a.csv.gz", gzip.compress(text)) if kind == "gz" else ("a.csv", text)


@pytest.mark.parametrize("kind", ["csv", "gz", "parquet"])
def test_headers_are_read_from_every_kind_of_file(kind: str) -> None:
    check = check_file(*columns_of(HEADER, kind), DETECTOR)
    assert check.faults == ()
    assert check.unused == ("is_fraud",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", b"plain"),
        ("a.parquet", b"PAR1"),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.csv.gz", gzip.compress(b"a,b", mtime=0)[:9]),
    ],
)
def test_a_damaged_file_is_named(name: str, content: bytes) -> None:
    (fault,) = check_file(name, content, DETECTOR).faults
    assert fault.startswith(f"{name} cannot be read")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_header_is_read_as_the_detector_declares(encoding: str) -> None:
    declared = replace(DETECTOR, delimiter=":", encoding="cp1252")
    header = f"{HEADER.strip()},Straße\n".replace(",", ":")
    assert check_file("a.csv", header.encode(encoding), declared).unused == ("is_fraud", "Straße")


def test_another_kind_of_file_is_named() -> None:
    (fault,) = check_file("a.gz", b"", DETECTOR).faults
    assert "takes .csv, .csv.gz and .parquet" in fault


def test_an_empty_file_lacks_every_column() -> None:
    assert len(check_file("a.csv", b"", DETECTOR).faults) == 12


def test_a_repeated_column_is_named() -> None:
    assert check_file("a.csv", HEADER.replace("is_fraud", "amount").encode(), DETECTOR).faults == (
        "Column amount is there more than once: keep one.",
    )


def test_a_header_with_semicolons_is_read() -> None:
    assert check_file("a.csv", HEADER.replace(",", ";").encode(), DETECTOR).faults == ()
