"""What is started is stopped: by Ctrl-C, and when a port is taken."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from localstack import emulator

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.skipif(not emulator.PYTHON.exists(), reason="the embedded emulator is not installed"),
]


def running_emulators() -> set[str]:
    """The process ids of every emulator and of its workers."""
    found = set()
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"ministack" in command.read_bytes():
                found.add(command.parent.name)
        except OSError:
            continue  # it ended while we looked
    return found


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_stops_all_that_was_started(stop: signal.Signals) -> None:
    before = running_emulators()
    command = [sys.executable, "-m", "localstack.demo", "--smoke"]
    with subprocess.Popen(command, cwd=emulator.ROOT, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr is not None
        while "Simulating" not in demo.stderr.readline():
            assert demo.poll() is None
        assert running_emulators() - before
        demo.send_signal(stop)
        assert "Stopped, with everything that was started." in demo.stderr.read()
    assert demo.returncode == 130
    assert not running_emulators() - before


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "localstack.demo", "--dashboard-port", str(port)]
        demo = subprocess.run(command, cwd=emulator.ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert demo.returncode != 0
    assert demo.stderr.startswith(f"Error: Port {port} is in use on 127.0.0.1; choose another with --dashboard-port")
    assert "Traceback" not in demo.stderr
