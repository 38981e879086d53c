"""Cost of a million decisions: usage measured here, at the prices in bench/prices.toml.

The deployed handler decides with the sample detector (XGBoost with 300 trees of depth 6, six histories) on payments
that follow the training data, starting from the histories that training left. The boto3 client is the real one;
behind it, tables in memory count what DynamoDB bills for. Memory sizes are those of template.yaml. Network time is
not measured: the price file says how many milliseconds are assumed for each service.
"""

from __future__ import annotations

import math
import os
import statistics
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench._figures import add_count, make_parser, write_figures
from bench.serving.indexing import Indexed
from bench.serving.usage import Decided, Usage, measure_usage
from bench.serving.version import environment_of, train_version
from localstack.template import TEMPLATE, load_template
from tests.fakes.item_size import STORED_OVERHEAD_BYTES

PRICES = Path(__file__).with_name("prices.toml")
MILLION, GB, HOURS_A_MONTH = 1e6, 1e9, 730
WARM_UP = 100
DOCUMENT = load_template(TEMPLATE)
RESOURCES = DOCUMENT["Resources"]
WINDOW_S = DOCUMENT["Parameters"]["IndexWindowSeconds"]["Default"]
MEMORY_GB = RESOURCES["ApiFunction"]["Properties"]["MemorySize"] / 1024
INDEX_MEMORY_GB = RESOURCES["IndexFunction"]["Properties"]["MemorySize"] / 1024
# What the placeholders of the HTTP API's access log come to.
ACCESS_LOG = {
    "requestTime": "25/Nov/2026:15:40:00 +0000",
    "requestId": "JKJaXmPLvHcESHA=",
    "identity.caller": "AROAXMPLEXMPLEXMPLEXM:caller",
    "httpMethod": "POST",
    "path": "/v1/decisions",
    "status": "200",
    "responseLength": "420",
    "responseLatency": "25",
    "error.message": "-",
}

Prices = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One part of a bill: how much of it a decision takes on average, and what a million decisions pay for it."""

    part: str
    quantity: float
    unit: str
    usd: float


def price(decided: Sequence[Decided], prices: Prices, *, arm: bool = False, info: bool = True) -> list[Line]:
    """Return the bill of a million decisions like these through the function URL."""
    dynamodb, function = prices["dynamodb"], prices["lambda"]
    wait_ms = prices["assumed_ms"]["read"] + prices["assumed_ms"]["transaction"]
    gb_second = function["gb_second_arm" if arm else "gb_second_x86"]
    seconds = statistics.fmean(math.ceil(one.took_ms + wait_ms) for one in decided) / 1000  # billed by the millisecond
    log_bytes = statistics.fmean(one.metrics_bytes + info * one.request_line_bytes for one in decided)
    writes = {what: _mean_units(decided, f"write {what}") for what in ("decisions", "history")}
    reads = _mean_units(decided, "read")
    return [
        Line("writing the decision", writes["decisions"], "write units", writes["decisions"] * dynamodb["write_units"]),
        Line("writing histories", writes["history"], "write units", writes["history"] * dynamodb["write_units"]),
        Line("reading both", reads, "read units", reads * dynamodb["read_units"]),
        Line("calling the function", 1, "request", function["requests"]),
        Line("running the function", seconds * MEMORY_GB, "GB-seconds", seconds * MEMORY_GB * gb_second * MILLION),
        Line("logs and metrics", log_bytes / 1000, "KB", log_bytes * MILLION / GB * prices["cloudwatch"]["logs_gb"]),
    ]


def price_index(indexed: Indexed, prices: Prices) -> Line:
    """Return what it costs to index a million decisions that come as fast as is assumed."""
    s3, function, waits = prices["s3"], prices["lambda"], prices["assumed_ms"]
    asked = {kind: indexed.requests[kind] / indexed.rows for kind in ("get", "put", "list", "delete")}
    requests = (asked["put"] + asked["list"]) * s3["writes"] + asked["get"] * s3["reads"]
    waited_ms = sum(count * waits[f"s3_{kind}"] for kind, count in asked.items())
    batches = indexed.batches / indexed.rows
    took_ms = indexed.took_ms / indexed.rows * max(1, MEMORY_GB / INDEX_MEMORY_GB)  # less memory, less of a processor
    seconds = (took_ms + waited_ms + batches) / 1000  # billed by the millisecond, begun ones too
    running = seconds * INDEX_MEMORY_GB * function["gb_second_x86"] * MILLION
    return Line("indexing", batches, "batches", requests + batches * function["requests"] + running)


def _mean_units(decided: Sequence[Decided], what: str) -> float:
    return statistics.fmean(one.units.get(what, 0.0) for one in decided)


def rows_per_batch(prices: Prices) -> int:
    """Return how many decisions the index function gets at once: those of a shard in the window of its mapping."""
    rows: float = prices["assumed"]["decisions_a_second"] * WINDOW_S / prices["assumed"]["stream_shards"]
    return max(1, round(rows))


def total(lines: Sequence[Line]) -> float:
    return sum(line.usd for line in lines)


def variants(usage: Usage, prices: Prices) -> Iterator[tuple[str, str, float]]:
    """Yield name, title and dollars a million of each way to run it."""
    plain, explained = usage.decided["none"], usage.decided["top"]
    index = price_index(usage.indexed, prices).usd
    base = total(price(plain, prices)) + index
    yield "usd_per_million", "default deployment: function URL, no reasons", base
    yield "usd_per_million_reasons", "with reasons", total(price(explained, prices)) + index
    gateway = prices["api_gateway"]["requests"] + _access_log_gb() * prices["cloudwatch"]["logs_gb"]
    yield "usd_per_million_http_api", "through the HTTP API", base + gateway
    put_s = prices["assumed_ms"]["put_events"] / 1000
    bus = prices["eventbridge"]["custom_events"] + put_s * MEMORY_GB * prices["lambda"]["gb_second_x86"] * MILLION
    yield "usd_per_million_event_bus", "with an event on the event bus for each decision", base + bus
    yield "usd_per_million_arm64", "on arm64 (assuming the same times)", total(price(plain, prices, arm=True)) + index
    without_lines = total(price(plain, prices, info=False)) + index
    yield "usd_per_million_warn", "without a log line for each request", without_lines


def _access_log_gb() -> float:
    line = RESOURCES["HttpStage"]["Properties"]["AccessLogSettings"]["Format"]
    for name, value in ACCESS_LOG.items():
        line = line.replace(f"$context.{name}", value)
    return len(line) * MILLION / GB


def by_the_month(usage: Usage, prices: Prices) -> Iterator[tuple[str, str, float]]:
    """Yield name, title and dollars a month of what is not paid for by the decision."""
    kept_gb = (_mean_size(usage, "e") + STORED_OVERHEAD_BYTES) * MILLION / GB
    dynamodb, function = prices["dynamodb"], prices["lambda"]
    index_gb = usage.indexed.size_bytes / usage.indexed.rows * MILLION / GB
    storage = kept_gb * (dynamodb["storage_gb_month"] + dynamodb["recovery_gb_month"])
    storage += index_gb * prices["s3"]["storage_gb_month"]
    yield "usd_month_kept_million", "storage per million decisions, backups included", storage
    batches = prices["assumed"]["stream_shards"] * HOURS_A_MONTH * 3600 / WINDOW_S
    indexing = price_index(usage.indexed, prices)
    most = batches * indexing.usd / indexing.quantity / MILLION
    yield "usd_month_index", "indexing, at most, when decisions trickle in all month", most
    metrics = usage.metrics * prices["cloudwatch"]["metric_month"]
    yield "usd_month_metrics", f"{usage.metrics} metrics, if each is sent every hour of the month", metrics
    snapshot = MEMORY_GB * HOURS_A_MONTH * 3600 * function["snapstart_cached_gb_second"]
    yield "usd_month_snapstart", "SnapStart (off by default), per published version, even if idle", snapshot


def _mean_size(usage: Usage, what: str) -> float:
    return statistics.fmean(one.sizes_bytes[what] for one in usage.decided["none"])


def print_bill(usage: Usage, prices: Prices) -> None:
    print(f"Prices of {prices['region']} as of {prices['as_of']}, in US dollars, without the free tier\n")
    print(f"  {'per decision':24}{'':>9} {'':12}{'$ / million':>12}")
    for line in [*price(usage.decided["none"], prices), price_index(usage.indexed, prices)]:
        print(f"  {line.part:24}{line.quantity:>9.3f} {line.unit:12}{line.usd:>12.2f}")
    print()
    for _, title, usd in variants(usage, prices):
        print(f"  {title:60}{usd:>8.2f}")
    print("\n  dollars per month")
    for _, title, usd in by_the_month(usage, prices):
        print(f"  {title:60}{usd:>8.2f}")


def print_sizes(usage: Usage) -> None:
    print(f"\n  {'item size in bytes':24}{'mean':>8}{'p99':>8}{'max':>8}")
    for title, size in sizes_of(usage):
        print(f"  {title:24}{np.mean(size):>8.0f}{np.quantile(size, 0.99):>8.0f}{max(size):>8}")
    for title, reasons in (("", "none"), (" with reasons", "top")):
        took = np.array([one.took_ms for one in usage.decided[reasons]])
        print(f"  processor time{title}: p50 {np.median(took):.1f} ms, p99 {np.quantile(took, 0.99):.1f} ms")
    print(f"  memory in use, including these tables: {usage.memory_mb:.0f} MB of {MEMORY_GB * 1024:.0f}")


def sizes_of(usage: Usage) -> Iterator[tuple[str, list[int]]]:
    """Yield what items there are and their sizes: decisions without and with reasons, then histories by entity."""
    for title, reasons in (("decision", "none"), ("decision with reasons", "top")):
        yield title, [one.sizes_bytes["e"] for one in usage.decided[reasons]]
    everything = [one.sizes_bytes for decided in usage.decided.values() for one in decided]
    for entity in sorted({name for sizes in everything for name in sizes} - {"e"}):
        yield f"history of {entity}", [sizes[entity] for sizes in everything if entity in sizes]


def figures_of(usage: Usage, prices: Prices) -> dict[str, float]:
    dollars = {name: round(usd, 3) for name, _, usd in (*variants(usage, prices), *by_the_month(usage, prices))}
    sizes = {title: max(size) for title, size in sizes_of(usage)}
    plain = usage.decided["none"]
    return {
        **dollars,
        "write_units": round(sum(_mean_units(plain, f"write {table}") for table in ("decisions", "history")), 3),
        "read_units": round(_mean_units(plain, "read"), 3),
        "decision_bytes": round(_mean_size(usage, "e")),
        "largest_history_bytes": max(size for title, size in sizes.items() if title.startswith("history")),
        "processor_ms": round(statistics.median(one.took_ms for one in plain), 3),
        "memory_mb": round(usage.memory_mb),
    }


def main() -> None:
    parser = make_parser(__doc__)
    add_count(parser, "--rows", 30_000, "payments to train on")
    add_count(parser, "--runs", 5_000, "decisions to measure")
    asked = parser.parse_args()
    prices = tomllib.loads(PRICES.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as out:
        # Elsewhere, so that what trains is not in the memory that is measured.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as elsewhere:
            folder = elsewhere.submit(train_version, asked.rows, Path(out)).result()
        os.environ.update(environment_of(folder))
        os.environ.update({"AWS_LAMBDA_LOG_LEVEL": "INFO", "AWS_LAMBDA_LOG_FORMAT": "JSON"})
        usage = measure_usage(asked.runs, WARM_UP, rows_per_batch(prices))
    print_bill(usage, prices)
    print_sizes(usage)
    write_figures(asked.json, figures_of(usage, prices))


if __name__ == "__main__":
    main()
