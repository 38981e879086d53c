"""What the pages tell a reader to type works: commands, detector files, JSON and Python."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
from tollgate.core.events.reader import read_event

from localstack.template import TEMPLATE, load_template
from model_build.cli.main import main as tollgate
from model_build.detector_file.reader import read_detector_file
from tests.docs.pages import (
    DEPLOY,
    DOCS,
    IN_REPOSITORY,
    NOT_RUN,
    OTHERS,
    ROOT,
    SHELL,
    SLOWLY_IN_REPOSITORY,
    Block,
    read_blocks,
    read_prose,
)
from tests.http_server import serving

BLOCKS = [block for page in DOCS for block in read_blocks(page)]
OF_OTHERS = [block for page in OTHERS if page.exists() for block in read_blocks(page)]
SHELL_BLOCKS = [block for block in (*BLOCKS, *OF_OTHERS) if block.language in SHELL]
# Run in an empty folder, or in the repository, one after the other.
HERE = [block for block in SHELL_BLOCKS if block.note in ("", IN_REPOSITORY)]
RUNNABLE = sorted({block.page for block in HERE})
README = ROOT / "README.md"
OWN_DATA = ROOT / "docs" / "how-to" / "your-own-data.md"
# How the sample payments are called in the example of your-own-data.md.
OWN_NAMES = {
    **{"event_id": "TxnId", "timestamp": "BookedMs", "amount": "Amount", "customer_id": "CardId"},
    **{"merchant_id": "ShopId", "merchant_category": "ShopType", "device_id": "Device", "is_fraud": "Status"},
}
OWN_WORDS = {"0": "ok", "1": "chargeback"}
# The same in the README's example.
ORDER_NAMES = {
    **{"event_id": "order", "timestamp": "paid_at", "amount": "total", "customer_id": "card_token"},
    "is_fraud": "was_fraud",
}
# What only an account lets do its work.
OF_AN_ACCOUNT = re.compile(r"\b(sam (deploy|list|delete)|aws|spark-submit)\b")


def of(blocks: list[Block], *languages: str) -> list[Block]:
    return [block for block in blocks if block.language in languages]


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, **environment}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False, timeout=500)


def write_own_data(sample: Path, folder: Path) -> None:
    """Write the sample payments as the examples have them; the last ones, without labels, apart."""
    orders = [row for row in _rename(sample, ORDER_NAMES) if int(row["card_token"][1:]) % 3]
    _write_parts(orders, folder / "orders.csv", folder / "new-orders.csv")
    rows = _rename(sample, OWN_NAMES)
    for row in rows:
        row["BookedMs"] = str(int(datetime.fromisoformat(row["BookedMs"]).timestamp() * 1000))
        row["Status"] = OWN_WORDS[row["Status"]]
    _write_parts(rows, folder / "transactions.csv", folder / "new.csv")


def _rename(sample: Path, names: Mapping[str, str]) -> list[dict[str, str]]:
    with sample.open(newline="") as file:
        return [{names[name]: cell for name, cell in row.items() if name in names} for row in csv.DictReader(file)]


def _write_parts(rows: list[dict[str, str]], labeled: Path, new: Path) -> None:
    for path, part, columns in (
        (labeled, rows[:-1000], list(rows[0])),
        (new, rows[-1000:], list(rows[0])[:-1]),
    ):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(part)


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_run_in_the_order_of_the_page(page: Path, sample_csv: Path, tmp_path: Path) -> None:
    write_own_data(sample_csv, tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    for block in read_blocks(page):
        if block.file:
            (tmp_path / block.file).write_text(block.text)
        elif block in HERE:
            done = run(["bash", "-euc", block.text], ROOT if block.note == IN_REPOSITORY else tmp_path)
            assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("block", [each for each in SHELL_BLOCKS if each.note == SLOWLY_IN_REPOSITORY], ids=str)
def test_slow_commands_run_in_the_repository(block: Block) -> None:
    done = run(["bash", "-euc", block.text], ROOT)
    assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=str)
def test_every_command_is_run_unless_it_needs_an_account_or_docker(block: Block) -> None:
    if block.not_run:
        reason = block.note.removeprefix("not run: ")
        assert reason in NOT_RUN, f"{block} may be left out for these reasons alone: {NOT_RUN}"
        needed = OF_AN_ACCOUNT if reason == "needs an AWS account" else re.compile(r"\bdocker\b")
        assert needed.search(block.text), f"{block} has no command that {reason}"
    elif block.run_by:
        test_file = ROOT / block.run_by
        assert "blocks_run_by(" in test_file.read_text(), f"{block.run_by} does not run {block}"
    else:
        assert block.note in ("", IN_REPOSITORY, SLOWLY_IN_REPOSITORY), f"{block}: {block.note}"
        assert block.note == SLOWLY_IN_REPOSITORY or block in HERE


def test_what_the_readme_says_shows_a_promise_is_there() -> None:
    rows = re.findall(r"^\| .+ \| `(.+)` \|$", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    tests = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    assert len(rows) > 15
    for command in rows:
        for word in re.findall(r"(?:tests|bench)\S*", command):
            assert (ROOT / word).exists(), command
        for chosen in re.findall(r"-k (\w+)", command):
            assert re.search(rf"def test_\w*{chosen}", tests), command


def test_own_data_ends_with_decisions_on_the_later_payments(sample_csv: Path, tmp_path: Path) -> None:
    """The page's header is the example's, and what it promises of `decided.csv` holds."""
    write_own_data(sample_csv, tmp_path)
    header = read_blocks(OWN_DATA, "csv")[0].text.strip()
    assert (tmp_path / "transactions.csv").read_text().startswith(header + "\n")
    assert (tmp_path / "new.csv").read_text().startswith(header.removesuffix(",Status") + "\n")
    promised = {"score", "probability", "outcome", "status"}
    assert promised <= set(re.findall(r"`(\w+)`", read_prose(OWN_DATA)))


@pytest.mark.parametrize("block", SHELL_BLOCKS, ids=str)
def test_commands_that_are_not_run_can_be_parsed(block: Block) -> None:
    parsed = subprocess.run(["bash", "-n"], input=block.text, capture_output=True, text=True, check=False)
    assert parsed.returncode == 0, f"{block}: {parsed.stderr}"
    targets = set(re.findall(r"^([^\s:#]+):", _makefile(), flags=re.MULTILINE))
    for line in block.text.replace("\\\n", "").splitlines():
        words = shlex.split(line, comments=True)
        if words and Path(words[0]).name == "tollgate" and not words[1].startswith("-"):
            assert words[1] in tollgate.commands, f"{block}: {line}"
            command = tollgate.commands[words[1]]
            with click.Context(tollgate, info_name="tollgate", **tollgate.context_settings) as parent:
                command.make_context(words[1], words[2:], parent=parent)
        elif words and words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= targets, f"{block}: {line}"


def _makefile() -> str:
    text = (ROOT / "Makefile").read_text()
    for name, value in re.findall(r"^(\w+) := (.+)$", text, flags=re.MULTILINE):
        text = text.replace(f"$({name})", value)
    return text


@pytest.mark.parametrize("block", of([*BLOCKS, *read_blocks(README, "toml")], "toml"), ids=str)
def test_detector_files_can_be_read(block: Block, tmp_path: Path) -> None:
    (tmp_path / "detector.toml").write_text(block.text)
    assert read_detector_file(tmp_path / "detector.toml").detector


@pytest.mark.parametrize("block", of([*BLOCKS, *OF_OTHERS], "json"), ids=str)
def test_json_is_json(block: Block) -> None:
    assert json.loads(block.text)


@pytest.mark.parametrize("block", of(BLOCKS, "csv"), ids=str)
def test_rows_have_the_cells_of_their_header(block: Block) -> None:
    widths = {len(row) for row in csv.reader(block.text.splitlines())}
    assert len(widths) == 1


@pytest.mark.parametrize("block", [block for block in of(BLOCKS, "python") if not block.file], ids=str)
def test_python_runs(block: Block, tmp_path: Path) -> None:
    done = run([sys.executable, "-W", "error", "-c", block.text], tmp_path)
    assert done.returncode == 0, f"{block}\n{done.stderr}"


@contextmanager
def recording_server() -> Iterator[tuple[str, list[tuple[str, dict[str, str], Any]]]]:
    """Answer every POST with {}, and keep what came: path, headers by lower-case name, body."""
    came: list[tuple[str, dict[str, str], Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.path, {name.lower(): value for name, value in self.headers.items()}, json.loads(body)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: ANN401 - the base class's
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}", came


def test_the_signed_call_is_signed_and_sends_an_event_of_the_example(tmp_path: Path) -> None:
    (script,) = (block for block in read_blocks(DEPLOY, "python") if block.file == "decide.py")
    (tmp_path / "decide.py").write_text(script.text)
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}
    with recording_server() as (url, came):
        done = run([sys.executable, "decide.py"], tmp_path, TOLLGATE_API_URL=url + "/", NO_PROXY="*", **keys)
    assert done.returncode == 0, done.stderr
    ((path, headers, body),) = came
    assert path == "/v1/decisions"
    assert re.match(r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/eu-west-1/execute-api/aws4_request, ",
                    headers["authorization"])  # fmt: skip
    (detector,) = (block for block in read_blocks(OWN_DATA, "toml") if block.file == "detector.toml")
    (tmp_path / "detector.toml").write_text(detector.text)
    assert read_event(read_detector_file(tmp_path / "detector.toml").event_type, body["event"]).ids == ["t-1001"]


def test_the_parameters_of_the_template_are_documented_with_their_defaults() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (.+?) \| ", DEPLOY.read_text(), flags=re.MULTILINE)
    documented = {
        name: default
        for names, defaults in rows
        for name, default in zip(re.findall(r"`(\w+)`", names), defaults.split(", "), strict=True)
    }
    parameters = load_template(TEMPLATE)["Parameters"]
    assert documented == {
        name: f"`{parameter['Default']}`" if parameter["Default"] != "" else "empty"
        for name, parameter in parameters.items()
    }
