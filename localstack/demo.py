"""Demo and smoke test (`make demo`, `make smoke`): the whole path on this machine, from payments to decisions.

python -m localstack.demo [--port 4566] [--dashboard-port 8501]
python -m localstack.demo --smoke
"""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tollgate.errors import TollgateError

from localstack.dashboard import DashboardError, running_dashboard
from localstack.deployment import DeploymentError
from localstack.emulator import DEFAULT_PORT, ROOT, EmulatorError, require_free
from localstack.past_tables import BackfillError
from localstack.running import PAST, RunningStack, running_stack
from localstack.smoke import Batch, SmokeError, check_stack, drop_file

ROWS, NEW_ROWS = 80_000, 2_000
SMOKE_ROWS, SMOKE_NEW_ROWS = 15_000, 500
DASHBOARD_PORT = 8501
_FAILURES = (
    *(DashboardError, DeploymentError, EmulatorError, BackfillError, SmokeError, TollgateError),
    FileNotFoundError,  # uv, or what `sam build` wrote
)


def main() -> None:
    """Run the demo until Ctrl-C, or the smoke test once."""
    parser = argparse.ArgumentParser(
        prog="make demo", description="Run all of Tollgate on this machine, with simulated payments. Ctrl-C stops it."
    )
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port of the emulator (default: %(default)s)")
    parser.add_argument(
        "--dashboard-port", type=int, default=DASHBOARD_PORT, help="port of the dashboard (default: %(default)s)"
    )
    parser.add_argument(
        "--folder", type=Path, default=ROOT / ".demo", help="folder for generated files and logs (default: .demo)"
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="check every step once without a browser, print the result as JSON, and exit",
    )
    parser.add_argument(
        "--template", type=Path, help="deploy this template that `sam build` wrote, instead of packaging the functions"
    )
    asked = parser.parse_args()
    # Also SIGINT: a shell that starts us in the background has it ignored.
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    try:
        if asked.smoke:
            run_smoke(asked.template)
        else:
            run_demo(asked.port, asked.dashboard_port, asked.folder, asked.template)
    except KeyboardInterrupt:
        print("\nStopped everything that the demo started.", file=sys.stderr)
        if asked.smoke:
            raise SystemExit(130) from None  # the demo ends like this; a check was not done
    except _FAILURES as error:
        raise SystemExit(f"Error: {error}") from None


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def run_smoke(built: Path | None = None) -> None:
    """Take the whole path in a folder of its own, check it, print one line of JSON, and leave nothing."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="tollgate-smoke-") as folder,
        running_stack(Path(folder), SMOKE_ROWS, SMOKE_NEW_ROWS, 0, _show_progress(), built) as stack,
    ):
        checked = check_stack(stack)
    print(json.dumps({"ok": True, **checked, "seconds": round(time.monotonic() - began, 1)}))


def run_demo(port: int, dashboard_port: int, folder: Path, built: Path | None = None) -> None:
    """Start everything, say where it is, and stay until Ctrl-C."""
    require_free(dashboard_port, "--dashboard-port")
    progress = _show_progress()
    with running_stack(folder, ROWS, NEW_ROWS, port, progress, built) as stack:
        progress("Starting the dashboard")
        with running_dashboard(stack.deployment.api_url, dashboard_port, folder / "dashboard.log") as address:
            progress(f"Uploading {stack.new_payments.name} to the bucket")
            batch = drop_file(stack, stack.new_payments)
            _print_addresses(stack, address, batch)
            while True:
                time.sleep(3600)


def _show_progress() -> Any:  # noqa: ANN401 - a function of one text
    began = time.monotonic()

    def progress(step: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {step} …", file=sys.stderr, flush=True)

    return progress


def _print_addresses(stack: RunningStack, dashboard: str, batch: Batch) -> None:
    api = stack.deployment.api_url
    event = _last_event(stack.new_payments)
    body = shlex.quote(json.dumps({"event": event}))
    outcomes = ", ".join(f"{count:,} {name}" for name, count in batch.summary["outcomes"].items())
    training = stack.version.manifest["training"]
    past = f"{stack.past_decisions:,} payments over the last {PAST.days} days"
    print(f"""
Tollgate is running. The model was trained on {training["rows"]:,} payments, {training["frauds"]:,} of them fraudulent.
All data is simulated. The dashboard shows {past}; Tollgate
decided on each with only what was known at that time.

  Dashboard   {dashboard}
  API         {api}
  Bucket      s3://{stack.deployment.bucket} at {stack.deployment.endpoint_url}
  File        {stack.new_payments.name}: {batch.summary["rows"]:,} payments scored ({outcomes})

Score one payment:

  curl -s {api}/v1/decisions -H 'Content-Type: application/json' -d {body}

Press Ctrl-C to stop everything.
""", flush=True)  # fmt: skip


def _last_event(payments: Path) -> Mapping[str, Any]:
    numbers = ("amount", "latitude", "longitude")
    with payments.open(newline="") as file:
        *_, row = csv.DictReader(file)
    return {name: float(value) if name in numbers else value for name, value in row.items() if value}


if __name__ == "__main__":
    main()
