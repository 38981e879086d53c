"""Running stack on this machine: sample payments, a trained detector, the emulator with the real template in it."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tollgate import clock
from tollgate.adapters import clients
from tollgate.core.detectors.version import DetectorVersion

from localstack.deployment import Deployment, deploy
from localstack.emulator import ROOT, Emulator, running_emulator
from localstack.past import backfill_decisions
from localstack.past_tables import wait_for_index, write_backfill
from localstack.sample_days import simulate
from model_build.deployment.publish import load_folder_histories, publish_version
from model_build.detector_file.reader import read_detector_file
from model_build.train import train_detector

DETECTOR_FILE = ROOT / "examples" / "sample" / "detector.toml"
RULES_FILE = ROOT / "localstack" / "rules.toml"
PAST = timedelta(days=30)
Progress = Callable[[str], None]


@dataclass(frozen=True)
class RunningStack:
    """A deployed Tollgate with a champion, and a past of so many decisions.

    ``new_payments`` is a CSV of payments of the same days, by customers who have none of these.
    """

    emulator: Emulator
    deployment: Deployment
    version: DetectorVersion
    new_payments: Path
    past_decisions: int


@contextmanager
def running_stack(
    folder: Path, rows: int, new_rows: int, port: int, progress: Progress, built: Path | None = None
) -> Iterator[RunningStack]:
    """Simulate ``rows`` payments, train on the older ones, deploy, publish, and decide on those of the last 30 days.

    The emulator is deployed to while the models train, from the template ``built`` by `sam build` if there is one;
    everything is stopped at the end. Files go to ``folder``. Raises `EmulatorError` when the port is taken,
    `DeploymentError` when the template does not deploy, `BackfillError` when the decisions do not reach the index.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = clock.now().replace(microsecond=0)
    with running_emulator(port, folder / "emulator.log") as emulator, ThreadPoolExecutor(1) as pool:
        deploying: Future[Deployment] = pool.submit(deploy, emulator.endpoint_url, built=built)
        progress(f"Simulating {rows:,} payments")
        file = read_detector_file(_write_detector(folder))
        payments = simulate(folder, rows, new_rows, file, now, PAST)
        trained = train_detector(payments.learned, file, folder / "versions", progress)
        version, sealed = trained.sealed.version, trained.sealed.folder
        progress("Deploying template.yaml to the emulator")
        deployment = deploying.result()
        living = pool.submit(backfill_decisions, version, load_folder_histories(version, sealed), payments.past, now)
        progress(f"Publishing version {version.version} and its histories")
        with _environment(emulator.environment()):
            publish_version(sealed, deployment.bucket, deployment.history_table)
        progress("Waiting for the API to respond")
        call(deployment, "GET", "/v1/healthz")
        progress(f"Deciding on the payments of the last {PAST.days} days, each as of its own day")
        past = living.result()
        write_backfill(past, deployment)
        wait_for_index(lambda path: call(deployment, "GET", path), len(past.records))
        yield RunningStack(emulator, deployment, version, payments.coming, len(past.records))


def _write_detector(folder: Path) -> Path:
    """Write the sample's detector with the demo's rules."""
    path = folder / "detector.toml"
    sample = DETECTOR_FILE.read_text(encoding="utf-8")
    # A rule for reviews is not to take a block away that the score gives.
    strongest = sample.replace("[detector]\n", '[detector]\nrules_mode = "ALL_MATCHED"\n', 1)
    path.write_text(strongest + RULES_FILE.read_text(encoding="utf-8"), encoding="utf-8")
    return path


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
