"""Dashboard process on this machine, in front of any API."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from localstack.emulator import HOST, ROOT

_READY_WITHIN_S = 60.0
_STOP_WITHIN_S = 10.0


class DashboardError(Exception):
    """The dashboard did not start; the message says where its log is."""


@contextmanager
def running_dashboard(
    api_url: str, port: int, log: Path, options: Sequence[str] = (), script: Path = ROOT / "app" / "streamlit_app.py"
) -> Iterator[str]:
    """The address of a dashboard for the API at `api_url`; it is stopped at the end, however that comes.

    `options` are further ones of Streamlit's command line; `script` is another app than the dashboard.
    It runs in a session of its own, so that Ctrl-C reaches it through us alone. Raises DashboardError when it does not
    come up.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "streamlit", "run", str(script)),
                *("--server.headless=true", f"--server.address={HOST}", f"--server.port={port}", *options),
            ],
            cwd=ROOT,
            env={**os.environ, "TOLLGATE_API_URL": api_url},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    address = f"http://{HOST}:{port}"
    try:
        _wait_for(address, process, log)
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        with suppress(OSError), opener.open(f"{address}/_stcore/health", timeout=2):
            return
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise DashboardError(f"The dashboard did not start; see its log, {log}.")
