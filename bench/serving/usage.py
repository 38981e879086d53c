"""Usage per decision: DynamoDB units, function time and memory, bytes of logs. Measured one decision at a time."""

from __future__ import annotations

import io
import json
import logging
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from awslambdaric.lambda_runtime_log_utils import JsonFormatter

from bench.serving.indexing import Indexed, measure_indexing
from bench.serving.metered_dynamodb import Meter, MeteredDynamoDB
from bench.serving.version import keep_in_memory, read_payments, version_folder, write_request

# CloudWatch Logs counts so many bytes beside the text of each event ("PutLogEvents" in its API reference).
_LOG_EVENT_BYTES = 26
_REQUEST_ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95"


@dataclass(frozen=True)
class Decided:
    """What one decision took. ``took_ms`` is processor time: the template gives a function one processor to itself.

    ``sizes_bytes`` are those of its item, then of its histories, by entity.
    """

    took_ms: float
    units: Mapping[str, float]
    sizes_bytes: Mapping[str, int]
    metrics_bytes: int
    request_line_bytes: int


@dataclass(frozen=True)
class Usage:
    """What decisions took, by the reasons asked for; how many metrics they sent; the function's memory."""

    decided: Mapping[str, list[Decided]]
    metrics: int
    memory_mb: float
    indexed: Indexed


def measure_usage(runs: int, warm_up: int, batch_rows: int) -> Usage:
    """Decide on payments that follow the training data, on top of the histories that it left; index them in batches."""
    from tollgate.handlers.api import handler  # noqa: PLC0415 - it reads the environment
    from tollgate.services.container import open_container  # noqa: PLC0415

    dynamodb = _connect()
    _load_histories(dynamodb)
    decided: dict[str, list[Decided]] = {"none": [], "top": []}
    sent = io.StringIO()
    for number, payment in enumerate(read_later_payments(version_folder(), 2 * (runs + warm_up))):
        reasons = ("none", "top")[number % 2]
        with _captured() as (metrics, log):
            request = write_request(payment, reasons)
            dynamodb.meter.reset()
            began = time.process_time()
            answer = handler(request, None)
            took_s = time.process_time() - began - dynamodb.meter.away_s
        assert answer["statusCode"] == 200, answer
        sent.write(metrics.getvalue())
        decided[reasons].append(_decided(took_s, dynamodb.meter, metrics.getvalue(), log.getvalue()))
    with redirect_stdout(sent):
        open_container().metrics.write_added()
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    indexed = measure_indexing(dynamodb.tables.tables["decisions"].values(), batch_rows)
    measured = {name: all_[warm_up:] for name, all_ in decided.items()}
    return Usage(measured, count_metrics(sent.getvalue()), memory_mb, indexed)


def read_later_payments(folder: Path, most: int) -> Iterator[dict[str, Any]]:
    """Yield the last payments of the sample as if they were made anew after the training data ended."""
    payments = read_payments(folder, most)
    times = [datetime.fromisoformat(payment["timestamp"]) for payment in payments]
    shift = times[-1] - times[0] + timedelta(minutes=1)
    for payment, moment in zip(payments, times, strict=True):
        stamp = (moment + shift).isoformat().replace("+00:00", "Z")
        yield {**payment, "event_id": f"later-{payment['event_id']}", "timestamp": stamp}


def count_metrics(lines: str) -> int:
    """Return how many metrics lines in the embedded format send, each combination of dimensions for one."""
    found = set()
    for line in map(json.loads, lines.splitlines()):
        for directive in line["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                values = tuple(line[name] for name in names)
                found |= {(metric["Name"], values) for metric in directive["Metrics"]}
    return len(found)


def _connect() -> MeteredDynamoDB:
    from tollgate.adapters import clients  # noqa: PLC0415

    client: Any = clients.dynamodb()  # handlers of before-send may answer, which its types do not know
    dynamodb = MeteredDynamoDB(keep_in_memory())
    client.meta.events.register("before-send.dynamodb", dynamodb.answer)
    setattr(clients, "dynamodb", lambda: client)  # noqa: B010 - in place of the tables without a client
    return dynamodb


def _load_histories(dynamodb: MeteredDynamoDB) -> None:
    from tollgate.adapters.dynamodb.histories import history_key  # noqa: PLC0415

    from model_build.deployment.publish import open_folder, read_folder_histories  # noqa: PLC0415

    folder = version_folder()
    version = open_folder(folder)
    table = dynamodb.tables.tables.setdefault("history", {})
    expires = {"N": str(int(time.time() + version.history.forgotten_after_s))}
    for entity, key, sums in read_folder_histories(version, folder):
        pk = history_key(version.history_space, entity, key)
        numbers = {name: {"N": str(number)} for name, number in sums.items()}
        table[pk] = {"pk": {"S": pk}, "x": expires, **numbers}


@contextmanager
def _captured() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """Catch metrics and log lines as Lambda's runtime would write them."""
    metrics, log = io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(log)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(_name_request)
    logging.getLogger("tollgate").addHandler(handler)
    try:
        with redirect_stdout(metrics):
            yield metrics, log
    finally:
        logging.getLogger("tollgate").removeHandler(handler)


def _name_request(record: logging.LogRecord) -> bool:
    record.aws_request_id = _REQUEST_ID
    return True


def _decided(took_s: float, meter: Meter, metrics: str, log: str) -> Decided:
    sizes = {pk.split("#")[0 if pk.startswith("e#") else 1]: size for pk, size in meter.sizes.items()}
    return Decided(took_s * 1000, meter.units, sizes, _log_bytes(metrics), _log_bytes(log))


def _log_bytes(lines: str) -> int:
    return sum(len(line.encode()) + _LOG_EVENT_BYTES for line in lines.splitlines())
