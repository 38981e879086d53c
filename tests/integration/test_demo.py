"""What is started is stopped: by Ctrl-C, and when a port is taken."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from localstack import emulator
from localstack.emulator import find_free_port
from tests.docs.pages import blocks_run_by

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.skipif(not emulator.PYTHON.exists(), reason="the embedded emulator is not installed"),
]


def running_emulators() -> set[int]:
    """The process ids of every emulator and of its workers, whoever started them."""
    found = set()
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"ministack" in command.read_bytes():
                found.add(int(command.parent.name))
        except OSError:
            continue  # it ended while we looked
    return found


def descends_from(process: int, ancestor: int) -> bool:
    while process > 1:
        if process == ancestor:
            return True
        try:
            state = Path(f"/proc/{process}/stat").read_text()
        except OSError:
            return False
        process = int(state.rpartition(")")[2].split()[1])
    return False


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_stops_all_that_was_started(stop: signal.Signals) -> None:
    command = [sys.executable, "-m", "localstack.demo", "--smoke"]
    with subprocess.Popen(command, cwd=emulator.ROOT, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr is not None
        while "Simulating" not in demo.stderr.readline():
            assert demo.poll() is None
        started = {process for process in running_emulators() if descends_from(process, demo.pid)}
        assert started
        demo.send_signal(stop)
        assert "Stopped everything that the demo started." in demo.stderr.read()
    assert demo.returncode == 130
    assert not running_emulators() & started


@pytest.mark.slow
def test_the_demo_decides_on_the_payment_of_the_line_that_it_prints(tmp_path: Path) -> None:
    (block,) = blocks_run_by("tests/integration/test_demo.py")
    ports, environment = [find_free_port(), find_free_port()], {**os.environ, "NO_PROXY": "127.0.0.1"}
    arguments = f"--port {ports[0]} --dashboard-port {ports[1]} --folder {tmp_path}"
    command = ["bash", "-euc", f'{block.text.strip()} ARGS="{arguments}"']
    with subprocess.Popen(
        command, cwd=emulator.ROOT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as demo:
        assert demo.stdout is not None
        try:
            lines: list[str] = []
            while not (lines and lines[-1].startswith("Ctrl-C stops")):
                lines.append(demo.stdout.readline())
                assert lines[-1], "".join(lines)
            (curl,) = (line for line in lines if line.lstrip().startswith("curl "))
            decided = subprocess.run(["bash", "-c", curl], env=environment, capture_output=True, text=True, check=True)
            assert json.loads(decided.stdout)["outcome"] in ("approve", "review", "block")
            with urllib.request.urlopen(f"http://127.0.0.1:{ports[1]}/_stcore/health", timeout=30) as answer:
                assert answer.read() == b"ok"
        finally:
            os.killpg(demo.pid, signal.SIGINT)
    assert demo.returncode == 0


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "localstack.demo", "--dashboard-port", str(port)]
        demo = subprocess.run(command, cwd=emulator.ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert demo.returncode != 0
    assert demo.stderr.startswith(
        f"Error: Port {port} is in use on 127.0.0.1; choose another port with --dashboard-port"
    )
    assert "Traceback" not in demo.stderr
