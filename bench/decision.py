"""Benchmark of one decision in a warm function, against the usual stack.

An event of the HTTP API goes in and the answer comes out, through the deployed handler. DynamoDB is a table in
memory, so network time is left out. The model is XGBoost with 300 trees of depth 6. Tollgate reads and writes six
histories, evaluates rules, and decides. The usual stack (bench/serving/usual_stack.py) is given its features and
writes nothing. Both score the same payments on one thread and take turns every twenty payments.
"""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from bench._figures import add_count, make_parser, write_figures
from bench.serving.version import (
    environment_of,
    keep_in_memory,
    read_features,
    read_payments,
    train_version,
    write_request,
)

Handler = Callable[[Any, Any], Mapping[str, Any]]
WARM_UP, BATCH_SIZE = 100, 20


def time_ms(handler: Handler, request: Mapping[str, Any]) -> float:
    began = time.perf_counter()
    answer = handler(request, None)
    took_ms = (time.perf_counter() - began) * 1000
    assert answer["statusCode"] == 200, answer
    return took_ms


def measure(folder: Path, runs: int) -> dict[str, list[float]]:
    """Return what each request took, in milliseconds, by what was asked of whom."""
    tables = keep_in_memory()
    from tollgate.handlers.api import handler  # noqa: PLC0415 - they read the environment

    from bench.serving.usual_stack import handler as usual  # noqa: PLC0415

    payments = read_payments(folder, runs + WARM_UP)
    features = read_features(folder, payments)
    took: dict[str, list[float]] = {"ours": [], "ours_reasons": [], "usual": [], "usual_reasons": []}
    for first in range(0, len(payments), BATCH_SIZE):
        for name, reasons in (("", "none"), ("_reasons", "top")):
            for payment in payments[first : first + BATCH_SIZE]:
                request = write_request({**payment, "event_id": f"{payment['event_id']}{name}"}, reasons)
                took[f"ours{name}"].append(time_ms(handler, request))
                tables.settle()
            for payment, values in list(zip(payments, features, strict=True))[first : first + BATCH_SIZE]:
                request = write_request({"event_id": payment["event_id"], "features": values}, reasons)
                took[f"usual{name}"].append(time_ms(usual, request))
        gc.collect()
    return {name: times[WARM_UP:] for name, times in took.items()}


def figures_of(took: Mapping[str, list[float]]) -> dict[str, float]:
    def at(name: str, share: float) -> float:
        return round(float(np.quantile(took[name], share)), 3)

    figures = {
        "p50_ms": at("ours", 0.5),
        "p99_ms": at("ours", 0.99),
        "p50_reasons_ms": at("ours_reasons", 0.5),
        "p99_reasons_ms": at("ours_reasons", 0.99),
        "usual_p50_ms": at("usual", 0.5),
        "usual_reasons_p50_ms": at("usual_reasons", 0.5),
        "usual_reasons_p99_ms": at("usual_reasons", 0.99),
    }
    ratio = figures["usual_reasons_p50_ms"] / figures["p50_reasons_ms"]
    return {**figures, "ratio": round(ratio, 1), "ratio_plain": round(figures["usual_p50_ms"] / figures["p50_ms"], 1)}


def main() -> None:
    parser = make_parser(__doc__)
    add_count(parser, "--rows", 30_000, "payments to train on")
    add_count(parser, "--runs", 500, "decisions of each kind to measure")
    asked = parser.parse_args()
    asyncio.set_event_loop(asyncio.new_event_loop())  # Mangum's
    with tempfile.TemporaryDirectory() as out:
        folder = train_version(asked.rows, Path(out))
        os.environ.update(environment_of(folder))
        # The functions write metrics to standard output, which Lambda reads; here nobody does.
        with Path(os.devnull).open("w") as nobody, redirect_stdout(nobody):
            took = measure(folder, asked.runs)
    figures = figures_of(took)
    print(f"One decision in a warm function, {asked.runs} decisions of each kind")
    print(f"  {'':14}{'p50':>10}{'p50 + reasons':>14}{'p99 + reasons':>14}")
    for title, names in (
        ("Tollgate", ("p50_ms", "p50_reasons_ms", "p99_reasons_ms")),
        ("usual stack", ("usual_p50_ms", "usual_reasons_p50_ms", "usual_reasons_p99_ms")),
    ):
        print(f"  {title:14}{figures[names[0]]:>7.2f} ms{figures[names[1]]:>11.2f} ms{figures[names[2]]:>11.2f} ms")
    print(f"  {'ratio':14}{figures['ratio_plain']:>10.1f}{figures['ratio']:>14.1f}")
    write_figures(asked.json, figures)


if __name__ == "__main__":
    main()
