"""Runs that are traced: one payment over HTTP and one file, through the functions' own handlers, on AWS in memory."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from scripts.architecture.source import ROOT
from scripts.architecture.trace import Trace, in_one_thread, trace

_BUCKET, _TABLES, _BUS, _DETECTOR = "bucket", ("history", "decisions"), "bus", "payments"
_ENVIRONMENT = {
    "TOLLGATE_BUCKET": _BUCKET,
    "TOLLGATE_HISTORY_TABLE": _TABLES[0],
    "TOLLGATE_DECISIONS_TABLE": _TABLES[1],
    "TOLLGATE_DETECTOR": _DETECTOR,
    "TOLLGATE_EVENT_BUS": _BUS,
    # No sign of life from another thread in between.
    "TOLLGATE_HEARTBEAT_S": "3600",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_LAMBDA_LOG_LEVEL": "ERROR",
}
_ROWS, _FILE_ROWS = 1_000, 10
# So that reasons are told of every row, whatever the small model says.
_RULE = '[[rules]]\nname = "any"\nwhen = "score >= 0"\noutcome = "review"\n'
_NUMBERS = ("amount", "latitude", "longitude")
_API, _BATCH = "tollgate.handlers.api", "tollgate.handlers.batch"


@dataclass(frozen=True)
class Ways:
    """The modules that a payment and a file enter, in order."""

    payment: Trace
    file: Trace


def trace_ways() -> Ways:
    """Train a small version, then decide on a payment and on a file with it, each the second of its kind.

    The first of each loads what later ones find loaded, and is not traced.
    """
    asyncio.set_event_loop(asyncio.new_event_loop())  # Mangum's
    with tempfile.TemporaryDirectory() as folder, _aws_in_memory(), in_one_thread(), redirect_stdout(io.StringIO()):
        from tollgate import clock  # noqa: PLC0415 - the functions read the environment
        from tollgate.handlers.api import handler as answer  # noqa: PLC0415
        from tollgate.handlers.batch import handler as score  # noqa: PLC0415

        payments = _publish(Path(folder))
        with clock.set_to(datetime.fromisoformat(payments[-1]["timestamp"]) + timedelta(hours=1)):
            first, second = (_request(payment) for payment in payments[-2:])
            _check(answer(first, None)["statusCode"] == 200)
            traced = trace(lambda: _check(answer(second, None)["statusCode"] == 200), _API)
            first, second = (_drop(payments[-_FILE_ROWS:], name) for name in ("first", "second"))
            _check(not score(first, None)["batchItemFailures"])
            return Ways(traced, trace(lambda: _check(not score(second, None)["batchItemFailures"]), _BATCH))


def _check(went_well: bool) -> None:
    if not went_well:
        raise SystemExit("A payment or a file that was to be traced was not decided on.")


@contextmanager
def _aws_in_memory() -> Iterator[None]:
    import boto3  # noqa: PLC0415
    from moto import mock_aws  # noqa: PLC0415

    unset = {name: "" for name in os.environ if name.startswith(("TOLLGATE_", "AWS_"))}
    with patch.dict(os.environ, {**unset, **_ENVIRONMENT}), mock_aws():
        for name in unset.keys() - _ENVIRONMENT.keys():
            del os.environ[name]
        boto3.client("s3").create_bucket(Bucket=_BUCKET)
        boto3.client("events").create_event_bus(Name=_BUS)
        for table in _TABLES:
            boto3.client("dynamodb").create_table(
                TableName=table,
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        yield


def _publish(folder: Path) -> list[dict[str, Any]]:
    """Train on sample payments and make the version the champion; return the payments as they are posted."""
    from tollgate.services.stores import open_stores  # noqa: PLC0415

    from model_build.detector_file import read_detector_file  # noqa: PLC0415
    from model_build.sample import write_sample  # noqa: PLC0415
    from model_build.sealing import read_version_files  # noqa: PLC0415
    from model_build.training import train_detector  # noqa: PLC0415

    table = folder / "payments.csv"
    write_sample(_ROWS, 1, table)
    detector = folder / "detector.toml"
    detector.write_text((ROOT / "examples/sample/detector.toml").read_text(encoding="utf-8") + _RULE, encoding="utf-8")
    file = read_detector_file(detector)
    parameters = {"xgboost": {"rounds": 3, "max_depth": 2}}
    training = replace(file.training, models=("xgboost",), parameters=parameters, past_events=0)
    file = replace(file, record_batches=True, training=training)
    sealed = train_detector(table, file, folder, lambda _step: None).sealed.folder
    open_stores().versions.publish(_DETECTOR, sealed.name, read_version_files(sealed))
    with table.open(newline="") as rows:
        return [{name: cell for name, cell in row.items() if name != "is_fraud"} for row in csv.DictReader(rows)]


def _gallery(name: str) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((ROOT / "tests/events" / name).read_text(encoding="utf-8"))
    return payload


def _request(payment: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the HTTP API hands to the function when a payment is posted."""
    event = {name: float(value) if name in _NUMBERS else value for name, value in payment.items()}
    return {**_gallery("http_api_v2_post.json"), "body": json.dumps({"event": event, "reasons": "top"})}


def _drop(payments: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Put a file of payments into the inbox; return the message that tells the function of it."""
    import boto3  # noqa: PLC0415

    content, key = io.StringIO(), f"inbox/{_DETECTOR}/{name}.csv"
    writer = csv.DictWriter(content, list(payments[0]))
    writer.writeheader()
    writer.writerows({**payment, "event_id": f"{name}-{payment['event_id']}"} for payment in payments)
    put = boto3.client("s3").put_object(Bucket=_BUCKET, Key=key, Body=content.getvalue().encode())
    payload = _gallery("sqs_s3_put.json")
    notice = json.loads(payload["Records"][0]["body"])
    notice["Records"][0]["s3"]["object"] |= {"key": key, "eTag": put["ETag"].strip('"')}
    payload["Records"][0]["body"] = json.dumps(notice)
    return payload
