"""Benchmark of cold starts under AWS's Lambda runtime client, from process start to the first response.

Three variants take turns: Tollgate; a floor (a plain handler with ONNX Runtime, NumPy and the same model); and the
usual stack (FastAPI on Mangum, pandas, XGBoost through joblib, and shap). Tollgate and the floor are measured without
boto3, and with boto3 and its two clients. All of them run from compiled modules, as they are packaged. S3 and
DynamoDB are in memory. The figures are medians.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench._figures import add_count, make_parser, write_figures
from bench.serving.version import environment_of, read_features, read_payments, train_version, write_request
from tests.doors.runtime_api import running_function

WITH_BOTO3 = {"BENCH_BOTO3": "1"}
# Figure → module, and what is set beside the version's environment.
STARTED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ours_ms": ("cold_ours", {}),
    "ours_boto3_ms": ("cold_ours", WITH_BOTO3),
    "floor_ms": ("cold_floor", {}),
    "floor_boto3_ms": ("cold_floor", WITH_BOTO3),
    "usual_ms": ("cold_usual", {}),
}


def start_ms(module: str, environment: Mapping[str, str], request: Mapping[str, Any], log: Path) -> float:
    """Return what it takes a new process to answer its first request."""
    began = time.perf_counter()
    with running_function(f"bench.serving.{module}.handler", environment, log) as function:
        outcome = function.invoke(request)
        took_ms = (time.perf_counter() - began) * 1000
    assert outcome.kind == "response", outcome.content
    assert outcome.content["statusCode"] == 200, outcome.content
    return took_ms


def measure(folder: Path, runs: int, scratch: Path) -> dict[str, float]:
    kept = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY") if name in os.environ}
    common = {**kept, **environment_of(folder), "PYTHONPYCACHEPREFIX": str(scratch / "compiled")}
    (payment,) = read_payments(folder, 1)
    (features,) = read_features(folder, [payment])
    usual = write_request({"event_id": payment["event_id"], "features": features}, "none")
    own = write_request(payment, "none")
    took: dict[str, list[float]] = {name: [] for name in STARTED}
    for _ in range(runs + 1):  # the first compiles the modules
        for name, (module, more) in STARTED.items():
            request = usual if module == "cold_usual" else own
            took[name].append(start_ms(module, {**common, **more}, request, scratch / f"{module}.log"))
    return {name: round(statistics.median(times[1:]), 1) for name, times in took.items()}


def main() -> None:
    parser = make_parser(__doc__)
    add_count(parser, "--rows", 30_000, "payments to train on")
    add_count(parser, "--runs", 7, "process starts of each variant")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        folder = train_version(asked.rows, Path(out))
        figures = measure(folder, asked.runs, Path(out))
    figures |= {
        "to_floor": round(figures["ours_ms"] / figures["floor_ms"], 2),
        "to_floor_boto3": round(figures["ours_boto3_ms"] / figures["floor_boto3_ms"], 2),
        "to_usual": round(figures["ours_boto3_ms"] / figures["usual_ms"], 2),
    }
    print(f"Process start to first response, median of {asked.runs} runs")
    print(f"  {'':18}{'without boto3':>16}{'with boto3':>14}")
    for title, name in (("Tollgate", "ours"), ("floor", "floor")):
        print(f"  {title:18}{figures[f'{name}_ms']:>13.0f} ms{figures[f'{name}_boto3_ms']:>11.0f} ms")
    print(f"  {'usual stack':18}{'':>16}{figures['usual_ms']:>11.0f} ms")
    print(f"  {'Tollgate / floor':18}{figures['to_floor']:>16.2f}{figures['to_floor_boto3']:>14.2f}")
    print(f"  {'Tollgate / usual':18}{'':>16}{figures['to_usual']:>14.2f}")
    write_figures(asked.json, figures)


if __name__ == "__main__":
    main()
