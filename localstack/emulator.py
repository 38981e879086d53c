"""Embedded AWS emulator (MiniStack), which needs no Docker: start and stop.

    python -m localstack.emulator --port 4566

It listens on 127.0.0.1 only, keeps everything in memory, and knows no real credentials.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".tools" / "emulator" / "bin" / "python"
HOST = "127.0.0.1"
DEFAULT_PORT = 4566
READY_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0

# Anything may sign with these; the emulator takes every signature.
CREDENTIALS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    # the account's real settings must reach neither the emulator nor the functions it runs
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
INHERITED = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TZ")
# Where the clock of this process is moved (libfaketime), so is that of the functions.
CLOCK = ("FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "FAKETIME_SHARED", "LD_PRELOAD", "NO_FAKE_STAT", "PYTHONPATH")


class EmulatorError(Exception):
    """The emulator did not start; the message says why and what to do."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator: `pid` leads its own session, which the Lambda workers belong to."""

    endpoint_url: str
    port: int
    pid: int
    log: Path
    folder: Path
    process: "subprocess.Popen[bytes]"

    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to talk to this emulator with boto3."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.endpoint_url}

    def stop(self) -> None:
        """End the emulator with its Lambda workers, and remove what it left on disk (its log stays)."""
        _signal_session(self.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_WITHIN_S)
        _signal_session(self.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_emulator(port: int = DEFAULT_PORT, log: Path | None = None, python: Path = PYTHON) -> Emulator:
    """Start the emulator on `port` (0: any free one) and wait until it answers.

    Raises EmulatorError when it is not installed, when the port is taken, or when it does not come up.
    """
    if not python.exists():
        raise EmulatorError("The embedded emulator is not installed; run `make .tools/emulator/ready` to install it.")
    port = port or find_free_port()
    require_free(port)
    log = log or ROOT / ".build" / "emulator.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="tollgate-emulator-"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(python), "-m", "ministack"],
            env=_emulator_environment(port, folder),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    emulator = Emulator(f"http://{HOST}:{port}", port, process.pid, log, folder, process)
    try:
        _wait_until_ready(emulator)
    except BaseException:
        emulator.stop()
        raise
    return emulator


@contextmanager
def running_emulator(port: int = DEFAULT_PORT, log: Path | None = None) -> Iterator[Emulator]:
    """A running emulator that is stopped at the end, however that comes."""
    emulator = start_emulator(port, log)
    try:
        yield emulator
    finally:
        emulator.stop()


def find_free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def require_free(port: int, option: str = "--port") -> None:
    """Raise EmulatorError, naming the option that chooses another, when something listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise EmulatorError(
                f"Port {port} is in use on {HOST}; choose another port with {option}, for example "
                f'make demo ARGS="{option} {port + 10}".'
            ) from None


def _emulator_environment(port: int, folder: Path) -> dict[str, str]:
    names = (*INHERITED, *CLOCK) if "FAKETIME" in os.environ else INHERITED
    inherited = {name: os.environ[name] for name in names if name in os.environ}
    return {
        **inherited,
        **CREDENTIALS,
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "LAMBDA_EXECUTOR": "local",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "LOG_LEVEL": "INFO",
        # no listener but the gateway, and no container of another's
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder}/no-docker.sock",
        # the workers unpack the functions here, so that stopping leaves nothing behind
        "TMPDIR": str(folder),
        "PYTHONUNBUFFERED": "1",
    }


def _wait_until_ready(emulator: Emulator) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if emulator.process.poll() is not None:
            raise EmulatorError(f"The emulator stopped while it was starting; see its log, {emulator.log}.")
        try:
            with urllib.request.urlopen(f"{emulator.endpoint_url}/_ministack/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    raise EmulatorError(f"The emulator was not ready after {READY_WITHIN_S:.0f} seconds; see its log, {emulator.log}.")


def _signal_session(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def main() -> None:
    """Run the emulator until Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m localstack.emulator", description="Run the embedded AWS emulator until Ctrl-C."
    )
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="port on 127.0.0.1; 0 picks a free one (default: %(default)s)"
    )
    parser.add_argument("--log", type=Path, help="log file of the emulator (default: .build/emulator.log)")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with running_emulator(asked.port, asked.log) as emulator:
            settings = " ".join(f"{name}={value}" for name, value in emulator.environment().items())
            print(f"The emulator is running at {emulator.endpoint_url}. Its log is {emulator.log}. Ctrl-C stops it.")
            print(f"To use it from the AWS command line, run: export {settings}", flush=True)
            emulator.process.wait()
    except EmulatorError as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
