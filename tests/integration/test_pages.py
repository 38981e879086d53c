"""The commands of pages that need a deployment, run against the one in the emulator."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from tollgate import clock

from localstack.deployment import Deployment, connection, find_output
from localstack.emulator import PYTHON, find_free_port
from localstack.running import ApiProblemError, RunningStack, call
from tests.docs.pages import ROOT, Block, blocks_run_by, read_blocks
from tests.services.stream_reading import take_messages

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.skipif(not PYTHON.exists(), reason="the embedded emulator is not installed"),
]
BLOCKS = blocks_run_by("tests/integration/test_pages.py")
HOW_TO, REFERENCE = ROOT / "docs" / "how-to", ROOT / "docs" / "reference"
EMULATOR = ROOT / "localstack" / "README.md"


def blocks_of(page: Path, *languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.page == page and (not languages or block.language in languages)]


def sh(stack: RunningStack, folder: Path, command: str, **more: str) -> str:
    """Run a page's command in a folder, as somebody who has the stack's outputs in the environment."""
    deployment = stack.deployment
    environment = {
        **os.environ,
        **stack.emulator.environment(),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "BUCKET": deployment.bucket,
        "HISTORY_TABLE": deployment.history_table,
        "DECISIONS_TABLE": deployment.decisions_table,
        "QUEUE_URL": deployment.queue_url,
        "DEAD_LETTER_URL": deployment.dead_letter_url,
        "STREAM_FUNCTION": find_output(deployment.endpoint_url, "StreamFunctionArn"),
        **more,
    }
    done = subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def client(stack: RunningStack, service: str) -> Any:  # noqa: ANN401 - boto3's
    return boto3.client(service, **connection(stack.emulator.endpoint_url))  # type: ignore[call-overload]


def write_payments(stack: RunningStack, path: Path, name: str, count: int = 6) -> list[dict[str, str]]:
    """Write some of the new payments, of people of their own, so that other tests find theirs untouched."""
    with stack.new_payments.open(newline="") as file:
        rows = list(csv.DictReader(file))[:count]
    people = ("customer_id", "merchant_id", "device_id", "ip")
    for number, row in enumerate(rows):
        row |= {"event_id": f"{name}-{number}", **{column: f"{name}-{row[column]}" for column in people}}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with the development environment where the pages have it."""
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def test_a_version_is_published_and_a_decision_replayed(tollgate: RunningStack, folder: Path) -> None:
    """The page's version is of the detector `cards`; here it is the sample's."""
    version = tollgate.version
    sealed = tollgate.new_payments.parent / "versions" / version.detector / version.version
    shutil.copytree(sealed, folder / "versions" / "cards" / version.version)
    publish, replay = blocks_of(HOW_TO / "deploy-to-aws.md")
    sh(tollgate, folder, publish.text)
    event = write_payments(tollgate, folder / "one.csv", "t", 1)[0]
    numbers = {name: float(event[name]) for name in ("amount", "latitude", "longitude")}
    call(tollgate.deployment, "POST", "/v1/decisions", {"event": {**event, **numbers, "event_id": "t-1001"}})
    replayed = sh(tollgate, folder, replay.text.replace("--detector cards", "--detector payments"))
    assert replayed.startswith("Identical: ")


def test_what_was_given_up_is_listed_and_put_back(tollgate: RunningStack, folder: Path) -> None:
    queues = client(tollgate, "sqs")
    stored = {"key": "inbox/payments/no-longer-there.csv", "eTag": "0" * 32}
    notice = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": stored}}]}
    queues.send_message(QueueUrl=tollgate.deployment.dead_letter_url, MessageBody=json.dumps(notice))
    look, put_back, with_records = blocks_of(HOW_TO / "files-that-were-given-up.md")
    assert "no-longer-there.csv" in sh(tollgate, folder, look.text)
    sh(tollgate, folder, put_back.text)
    sh(tollgate, folder, with_records.text)
    assert take_messages(queues, tollgate.deployment.dead_letter_url) == []


def test_days_are_indexed_again(tollgate: RunningStack, folder: Path) -> None:
    (reindex,) = blocks_of(HOW_TO / "index-days-again.md")
    # Days that the stack's past has, in place of the page's.
    first, last = (str((clock.now() - timedelta(days=days)).date()) for days in (14, 8))
    command = reindex.text.replace("2026-11-01", first).replace("2026-11-07", last)
    assert command.count(first) == command.count(last) == 1
    assert first in sh(tollgate, folder, command)


@pytest.mark.kafka
def test_the_demos_payments_are_put_on_streams(tollgate: RunningStack, folder: Path) -> None:
    write_payments(tollgate, folder / ".demo" / "new-payments.csv", "demo")
    (block,) = blocks_of(HOW_TO / "streams.md")
    done = [json.loads(line) for line in sh(tollgate, folder, block.text).splitlines()]
    assert done == [{"put": 6, "given_up": 0}] * 2
    assert call(tollgate.deployment, "GET", "/v1/decisions/demo-5")["event_id"] == "demo-5"


def test_a_file_is_uploaded_to_the_address_of_an_answer(tollgate: RunningStack, folder: Path) -> None:
    write_payments(tollgate, folder / "monday.csv", "monday")
    (upload,) = blocks_of(REFERENCE / "http-api.md")
    begun = call(tollgate.deployment, "POST", "/v1/batches", {"filename": "monday.csv"})
    sh(tollgate, folder, upload.text, UPLOAD_URL=begun["upload"]["url"])

    def is_done() -> bool:
        return any(
            batch["batch_id"] == begun["batch_id"] and batch["status"] == "done"
            for batch in call(tollgate.deployment, "GET", "/v1/batches?limit=100")["batches"]
        )

    wait_until(is_done)


def test_a_list_is_put_and_a_draft_of_rules_taken(tollgate: RunningStack, folder: Path) -> None:
    """The page's list is `denied`; here it is the one that the demo's rules have."""
    page = REFERENCE / "rules.md"
    put_list, take_draft = blocks_of(page)
    # Other tests use the same stack: the list keeps what it has, and the draft may be there already.
    kept = tollgate.version.rules.book.lists["watched_merchants"].values
    (folder / "denied.txt").write_text(
        "".join(f"{value}\n" for value in (*sorted(map(str, kept)), "c000170", "c000171"))
    )
    client(tollgate, "s3").delete_object(Bucket=tollgate.deployment.bucket, Key="detectors/payments/draft.json")
    sh(tollgate, folder, put_list.text.replace("--name denied", "--name watched_merchants"))
    rules = [{"name": "large", "expression": "amount > 5000", "outcome": "block"}]
    first = {"Content-Type": "application/json", "If-None-Match": "*"}
    body = json.dumps({"rules": rules, "saved_by": "Ada"}).encode()
    draft = urllib.request.Request(f"{tollgate.deployment.api_url}/v1/rules/draft", body, first, method="PUT")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(draft, timeout=60) as saved:
        assert saved.status == 200
    (sample,) = (block for block in read_blocks(page, "sh") if "tollgate sample" in block.text)
    (detector,) = (block for block in read_blocks(page, "toml") if block.file == "detector.toml")
    (folder / "detector.toml").write_text(detector.text)
    try:
        sh(tollgate, folder, sample.text + take_draft.text)
    finally:
        for key in ("lists/payments/watched_merchants.txt", "detectors/payments/draft.json"):
            client(tollgate, "s3").delete_object(Bucket=tollgate.deployment.bucket, Key=key)
    assert "amount > 5000" in (folder / "detector.toml").read_text()
    assert len(list((folder / "versions" / "payments").iterdir())) == 1


@pytest.mark.kafka
def test_the_emulator_is_used_by_hand(tollgate: RunningStack, folder: Path) -> None:
    start, deploy, override, stream = blocks_of(EMULATOR, "sh")
    (script,) = blocks_of(EMULATOR, "python")
    write_payments(tollgate, folder / "payments.csv", "by-hand")
    port = str(find_free_port())
    with subprocess.Popen(
        ["bash", "-euc", start.text.replace("4566", port).replace(".venv/bin/python -m", "exec .venv/bin/python -m")],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as emulator:
        try:
            printed = sh(tollgate, folder, wait_for_port(port) + deploy.text.replace("4566", port))
            assert sh(tollgate, folder, override.text.replace("4566", port)) == printed
            with pytest.raises(ApiProblemError, match='There is no detector "cards" here'):
                call(Deployment(**json.loads(printed)), "GET", "/v1/healthz")
        finally:
            emulator.terminate()
    described = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.+?) \| ", EMULATOR.read_text(), flags=re.MULTILINE)))
    assert set(json.loads(printed)) - {"endpoint_url"} <= set(described)
    sh(tollgate, folder, f"python - <<'END'\n{script.text}END\n")
    done = [json.loads(line) for line in sh(tollgate, folder, stream.text).splitlines()]
    assert done == [{"put": 6, "given_up": 0}] * 2


def wait_for_port(port: str) -> str:
    return f"timeout 60 bash -c 'until curl -s -o /dev/null http://127.0.0.1:{port}/health; do sleep 0.2; done'\n"


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(240):
        if is_so():
            return
        time.sleep(0.25)
    raise AssertionError("not within a minute")


def test_every_block_that_names_this_file_is_run_here() -> None:
    pages = {block.page.name for block in BLOCKS}
    assert pages == {
        *("deploy-to-aws.md", "files-that-were-given-up.md", "index-days-again.md", "streams.md"),
        *("http-api.md", "rules.md", "README.md"),
    }
