from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest
from tollgate.core.files.readers.suffixes import SUFFIXES

from app import clock
from app.api.client import ProgressReader
from app.api.detector import Detector, read_detector
from app.views.batch.file_preview import ACCEPTED, START_BYTES
from app.views.batch.upload import FileCheck
from app.views.batch.upload import check_file as check
from tests.app.conftest import OpenPage, texts
from tests.app.contract_server import Contract
from tests.app.contract_shapes import detector_document, progress

HEADER = (
    "event_id,timestamp,amount,customer_id,merchant_id,device_id,ip,"
    "merchant_category,channel,latitude,longitude,express,is_fraud\n"
)
FILE = (HEADER + "e-1,2026-06-01T00:00:00Z,12.5,C1,M1,D1,192.0.2.1,fuel,web,48.1,11.6,true,0\n").encode()
DETECTOR = read_detector(detector_document())


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("batch").run()


def check_file(name: str, content: bytes, detector: Detector) -> FileCheck:
    return check(name, io.BytesIO(content), detector)


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
    assert "Review 237 1.9%, $42,910" in said
    assert "Block 137 1.1%, $58,378" in said
    assert "Highest risk (40)" in said
    assert "Failed rows (3)" in said
    assert [button.label for button in page.link_button] == [
        "Download results (CSV)",
        "Download results (Parquet)",
        "Download summary (JSON)",
    ]


def test_the_riskiest_rows_are_filtered_and_explained(page: AppTest) -> None:
    assert "**Row" not in texts(page)
    page.pills(key="b0003-outcome").set_value(["review"]).run()
    assert "Highest risk (27 of 40)" in texts(page)
    page.slider(key="b0003-score").set_value(960).run()
    assert "Highest risk (7 of 40)" in texts(page)
    page.text_input(key="b0003-text").input("c04098").run()
    assert "Highest risk (1 of 40)" in texts(page)
    assert page.dataframe[-2].value["why"].tolist() == ["Amount is 14 times this customer's usual (+5)"]
    page.text_input(key="b0003-text").input("nothing like it").run()
    assert "No rows match" in texts(page)


def test_rows_that_failed_are_counted_by_why_and_where_to_read_them(page: AppTest) -> None:
    assert "Errors in amount (3). All are listed here; in the results" in texts(page)


def test_what_waits_in_the_inbox_is_listed_and_what_is_done_is_not(contract: Contract, open_page: OpenPage) -> None:
    assert "No files waiting" in texts(open_page("batch").run())
    file = {
        "key": "inbox/a.csv", "filename": "a.csv", "detector": "payments", "batch_id": "b0001", "size_bytes": 2_345_678,
        "put_at": "2026-11-23T18:58:04Z", "status": "queued",
    }  # fmt: skip
    contract.inbox = [file, {**file, "filename": "b.csv", "status": "done"}]
    page = open_page("batch").run()
    assert "Inbox (1)" in texts(page)
    assert page.dataframe[0].value[["file", "state", "size"]].values.tolist() == [["a.csv", "Queued", "2.3\u00a0MB"]]


def test_a_file_too_large_for_a_browser_gets_a_command(page: AppTest, contract: Contract) -> None:
    next(field for field in page.text_input if field.label == "File name").input("june's.parquet")
    next(button for button in page.button if button.label == "Get command").click().run()
    assert not page.exception
    assert page.code[0].value == f"curl --upload-file 'june'\"'\"'s.parquet' {contract.url}/storage/b0004"
    assert "within 15 minutes" in texts(page)


def test_a_broken_connection_is_one_sentence(page: AppTest, contract: Contract) -> None:
    contract.faults["/storage/"] = 0
    upload(page, "june.csv", FILE)
    next(button for button in page.button if button.label == "Score this file").click().run()
    assert not page.exception
    assert "The upload was interrupted, so nothing was scored" in texts(page)


def test_a_refused_upload_says_what_to_do(page: AppTest, contract: Contract) -> None:
    contract.faults["/storage/"] = 403
    upload(page, "june.csv", FILE)
    next(button for button in page.button if button.label == "Score this file").click().run()
    assert "Storage rejected the file (403): upload it again" in texts(page)


def test_an_address_that_nobody_used_is_not_waited_for(contract: Contract, open_page: OpenPage) -> None:
    contract.add_batch("b0009", "july.csv", "waiting")
    said = texts(open_page("batch").run())
    assert "The file did not arrive before the upload link expired" in said
    contract.batches["b0009"]["created_at"] = clock.now().isoformat()
    assert "The file did not arrive" not in texts(open_page("batch").run())


def test_how_much_is_sent_is_told_in_hundredths() -> None:
    told: list[float] = []
    sent = ProgressReader(io.BytesIO(b"x" * 1_000), told.append)
    assert len(sent) == 1_000
    while sent.read(4):
        pass
    assert told == [step / 100 for step in range(1, 101)]


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
    contract.batches["b0009"]["progress"] = progress(990) | {"phase": "recording", "recorded": 990}
    page = open_page("batch").run()
    assert "Saving: 990 profiles" in page.get("progress")[0].proto.text


def test_without_a_batch_the_page_says_what_will_be_there(contract: Contract, open_page: OpenPage) -> None:
    contract.batches.clear()
    page = open_page("batch").run()
    assert "No batches yet" in texts(page)


def test_a_file_is_uploaded_watched_and_summarised(page: AppTest, contract: Contract) -> None:
    upload(page, "june.csv", FILE)
    assert "Columns not used for the score: is_fraud." in texts(page)
    next(button for button in page.button if button.label == "Score this file").click().run()
    assert not page.exception
    assert contract.uploads == {"b0004": FILE}
    assert "Waiting for the file to arrive or for its turn" in page.get("progress")[0].proto.text
    page.run()
    bar = page.get("progress")[0].proto
    assert "Scoring: 6,240 of about 12,480 rows, 2 failed" in bar.text
    assert bar.value == 50
    page.run()
    assert "june.csv" in texts(page)
    assert not page.get("progress")


def test_a_file_that_does_not_fit_is_not_uploaded(page: AppTest, contract: Contract) -> None:
    upload(page, "june.csv", FILE.replace(b"customer_id", b"custmer_id"))
    assert "Column customer_id is missing. Did you mean custmer_id? Then rename that column." in texts(page)
    assert not score_button(page)
    assert not contract.uploads


def written_as(kind: str) -> tuple[str, bytes]:
    """The rows of FILE in a file of this kind."""
    table = pa.csv.read_csv(io.BytesIO(FILE))
    if kind == ".parquet":
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        return "a.parquet", buffer.getvalue()
    lines = "".join(json.dumps(row, default=str) + "\n" for row in table.to_pylist()).encode()
    text = FILE if kind.startswith((".csv", ".tsv", ".txt")) else lines
    if kind.endswith(".gz"):
        text = gzip.compress(text)
    if kind.endswith(".zst"):
        text = bytes(pa.compress(text, "zstd", asbytes=True))
    return f"A{kind.upper()}", text


@pytest.mark.parametrize("kind", ACCEPTED)
def test_every_kind_of_file_that_the_door_takes_is_looked_at(kind: str) -> None:
    assert set(ACCEPTED) == set(SUFFIXES)
    looked = check_file(*written_as(kind), DETECTOR)
    assert looked.errors == looked.warnings == ()
    assert looked.unused == ("is_fraud",)
    assert [str(row["event_id"]) for row in looked.first] == ["e-1"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv.gz", b"plain"),
        ("a.parquet", b"PAR1"),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.csv.gz", gzip.compress(b"a,b", mtime=0)[:9]),
        ("a.jsonl.zst", b"plain"),
        ("a.csv", "Straße,Betrag".encode("latin-1")),
    ],
)
def test_a_damaged_file_is_named(name: str, content: bytes) -> None:
    (error,) = check_file(name, content, DETECTOR).errors
    assert error.startswith(f"{name} cannot be read")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_header_is_read_as_the_detector_declares(encoding: str) -> None:
    declared = replace(DETECTOR, delimiter=":", encoding="cp1252")
    header, row = FILE.decode().replace(":", "-").replace(",", ":").splitlines()
    text = f"{header}:Straße\n{row}:Süd\n"
    assert check_file("a.csv", text.encode(encoding), declared).unused == ("is_fraud", "Straße")


def test_another_kind_of_file_is_named() -> None:
    (error,) = check_file("a.gz", b"", DETECTOR).errors
    assert error.startswith("a.gz has an unsupported format. Use CSV, JSON Lines")


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_an_empty_file_is_said_to_be_empty(name: str) -> None:
    (error,) = check_file(name, b"", DETECTOR).errors
    assert error == f"{name} is empty. It has no header and no rows."


def test_a_header_alone_is_nothing_to_score() -> None:
    (error,) = check_file("a.csv", HEADER.encode(), DETECTOR).errors
    assert error == "a.csv has a header but no rows. There is nothing to score."


def test_lines_that_are_no_json_are_named() -> None:
    (error,) = check_file("a.jsonl", b"event_id,amount\n1,2\n", DETECTOR).errors
    assert error.startswith("a.jsonl has no line that is a JSON object")


def test_of_a_large_file_the_beginning_is_enough() -> None:
    row = FILE.decode().splitlines()[1]
    text = HEADER + (row + "\n") * (3 * START_BYTES // len(row))
    content = io.BytesIO(text.encode()[: 2 * START_BYTES + 17])  # cut off within a row
    looked = check("a.csv", content, DETECTOR)
    assert looked.errors == looked.warnings == ()
    assert content.tell() <= START_BYTES


def test_values_that_cannot_be_read_are_told_before_the_upload(page: AppTest) -> None:
    row = FILE.decode().splitlines()[1]
    rows = [row, row.replace("12.5", "12.50 USD"), row.replace("true", "maybe"), row.replace("12.5", "a lot")]
    upload(page, "june.csv", (HEADER + "\n".join(rows)).encode())
    said = texts(page)
    assert 'amount is not readable in 2 of the first 4 rows, for example "12.50 USD" in row 2.' in said
    assert 'express is not readable in 1 of the first 4 rows, for example "maybe" in row 3' in said
    assert score_button(page)


def test_a_repeated_column_is_named() -> None:
    assert check_file("a.csv", FILE.replace(b"is_fraud", b"amount"), DETECTOR).errors == (
        "Column amount appears more than once. Keep one.",
    )


def test_a_header_with_semicolons_is_read() -> None:
    assert check_file("a.csv", FILE.replace(b",", b";"), DETECTOR).errors == ()
