"""The dashboard installs alone and starts, as its page has a reader type it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from localstack.emulator import find_free_port
from tests.docs.pages import ROOT, blocks_run_by


@pytest.mark.slow
def test_the_dashboard_installs_alone_and_starts(tmp_path: Path) -> None:
    (block,) = blocks_run_by("tests/docs/test_dashboard_alone.py")
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / ".streamlit", tmp_path / ".streamlit")
    port = find_free_port()
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment = {**kept, "STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_HEADLESS": "true"}
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            ["bash", "-euc", block.text], cwd=tmp_path, env=environment, stdout=log, stderr=log, start_new_session=True
        ) as dashboard,
    ):
        try:
            answer = wait_for(f"http://127.0.0.1:{port}/_stcore/health", dashboard)
        finally:
            os.killpg(dashboard.pid, signal.SIGTERM)
    assert answer == b"ok", (tmp_path / "log").read_text()


def wait_for(address: str, process: subprocess.Popen[bytes]) -> bytes | None:
    """The answer of an address, or None when the process ends before there is one, or five minutes are over."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with opener.open(address, timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            time.sleep(0.5)
    return None
