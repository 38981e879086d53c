"""A whole Tollgate on this machine: sample payments, a trained detector, the emulator with the real template in it."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.csv
from tollgate.adapters import clients
from tollgate.core.version import DetectorVersion

from localstack.deployment import Deployment, deploy
from localstack.emulator import ROOT, Emulator, running_emulator
from model_build.data import read_table
from model_build.detector_file import read_detector_file
from model_build.publishing import publish_version
from model_build.sample import write_sample
from model_build.training import train_detector

DETECTOR_FILE = ROOT / "examples" / "sample" / "detector.toml"
# With the rules that the dashboard shows.
_RULES_FILE = ROOT / "localstack" / "detector_rules.toml"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class RunningStack:
    """A deployed Tollgate with a champion. ``new_payments`` is a CSV of payments that came after the training data."""

    emulator: Emulator
    deployment: Deployment
    version: DetectorVersion
    new_payments: Path


@contextmanager
def running_stack(folder: Path, rows: int, new_rows: int, port: int, progress: Progress) -> Iterator[RunningStack]:
    """Simulate ``rows`` payments, train on them, deploy, publish; everything is stopped at the end.

    The emulator is deployed to while the models train. Files go to ``folder``. Raises `EmulatorError` when the port is
    taken, `DeploymentError` when the template does not deploy.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with running_emulator(port, folder / "emulator.log") as emulator, ThreadPoolExecutor(1) as pool:
        deploying: Future[Deployment] = pool.submit(deploy, emulator.endpoint_url)
        progress(f"Simulating {rows:,} payments")
        past, new_payments = _simulate(folder, rows, new_rows)
        trained = train_detector(past, read_detector_file(_write_detector(folder)), folder / "versions", progress)
        progress("Deploying template.yaml into the emulator")
        deployment = deploying.result()
        progress(f"Publishing version {trained.sealed.version.version} with the histories of its payments")
        with _environment(emulator.environment()):
            publish_version(trained.sealed.folder, deployment.bucket, deployment.history_table)
        progress("Waiting for the API's first answer")
        call(deployment, "GET", "/v1/healthz")
        yield RunningStack(emulator, deployment, trained.sealed.version, new_payments)


def _write_detector(folder: Path) -> Path:
    """Write the sample's detector file with some rules."""
    path = folder / "detector.toml"
    path.write_text("\n".join(part.read_text(encoding="utf-8") for part in (DETECTOR_FILE, _RULES_FILE)))
    return path


def _simulate(folder: Path, rows: int, new_rows: int) -> tuple[Path, Path]:
    """Write payments to learn from, and apart from them the later ones, without their labels."""
    everything, past, new_payments = folder / "all.csv", folder / "payments.csv", folder / "new-payments.csv"
    write_sample(rows + new_rows, 1, everything)
    event_type = read_detector_file(DETECTOR_FILE).event_type
    table = read_table(everything, event_type)
    options = pyarrow.csv.WriteOptions(quoting_style="needed", quoting_header="none")
    pyarrow.csv.write_csv(table.slice(0, rows), past, options)
    pyarrow.csv.write_csv(table.slice(rows).drop_columns(["is_fraud", "fraud_kind"]), new_payments, options)
    everything.unlink()
    return past, new_payments


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for a while; boto3 clients made meanwhile are not kept."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    clients.forget()
    try:
        yield
    finally:
        clients.forget()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class ApiProblemError(Exception):
    """The API answered with an error."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('message', problem)}")
        self.status = status
        self.problem = problem


def call(deployment: Deployment, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Call the deployed API and return its answer; raise `ApiProblemError` for an error."""
    request = urllib.request.Request(
        deployment.api_url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            plain: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            raise ApiProblemError(error.code, json.load(error)) from None
    return plain
