"""Benchmark of batch scoring: from CSV to scored CSV, with histories, rules and reasons, against the usual stack.

The detector is the sample detector with XGBoost (200 trees of depth 6) and a few rules. The usual stack
(bench/serving/usual_batch.py) computes similar features with pandas. It scores fewer payments; for the ratio,
Tollgate scores the same ones. Every run is a separate process, so memory is measured per run, and the two stacks take
turns. The processor time of each stage is printed in seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench._figures import add_count, make_parser, write_figures
from bench.serving.version import DETECTOR_FILE

ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".build" / "bench"
TRAINED_ON = 60_000
TURNS = 2
RULES = """
[[rules]]
name = "large_amount"
when = "amount > 2000 && score > 300"
outcome = "review"

[[rules]]
name = "far_and_new"
when = "customer_distance_km_30d > 500 && customer_merchant_count_30d < 0.01"
outcome = "review"

[[rules]]
name = "fast_card"
when = "customer_count_1h > 6 && channel == \\"online\\""
outcome = "block"
"""


def sample(rows: int, seed: int) -> Path:
    """Return a file of sample payments, made once."""
    from model_build.simulator import write_sample  # noqa: PLC0415 - only where they are made

    path = CACHE / f"payments-{rows}-{seed}.csv"
    if not path.exists():
        print(f"Generating {rows:,} payments …", file=sys.stderr)
        write_sample(rows, seed, path)
    return path


def head_of(path: Path, rows: int) -> Path:
    """Return a file of the first rows of another."""
    out = path.with_name(f"{path.stem}-first-{rows}.csv")
    if not out.exists():
        with path.open("rb") as source, out.open("wb") as target:
            for _, line in zip(range(rows + 1), source, strict=False):
                target.write(line)
    return out


def train(out: Path) -> Path:
    """Train the sample's detector with XGBoost and rules; return the version's folder."""
    from model_build.detector_file.reader import read_detector_file  # noqa: PLC0415
    from model_build.train import train_detector  # noqa: PLC0415

    detector = out / "detector.toml"
    detector.write_text(DETECTOR_FILE.read_text(encoding="utf-8") + RULES, encoding="utf-8")
    file = read_detector_file(detector)
    file = replace(file, training=replace(file.training, models=("xgboost",)))
    return train_detector(sample(TRAINED_ON, 1), file, out, lambda _step: None).sealed.folder


def run_ours(payments: Path, version: Path, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.serving.ours_batch", str(payments), str(version), str(out)]
    # As the batch function's environment says it, in template.yaml.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(2 << 20)}
    measured: dict[str, Any] = json.loads(subprocess.check_output(command, cwd=ROOT, text=True, env=environment))
    return measured


def run_usual(payments: Path, model: Path, out: Path) -> float:
    """Score with the usual stack; return its seconds, without those that starting takes."""
    command = [sys.executable, "-m", "bench.serving.usual_batch", "score", str(payments), str(model), str(out)]
    return float(subprocess.check_output(command, cwd=ROOT, text=True))


def measure(asked: argparse.Namespace, out: Path) -> dict[str, float]:
    version, model, results = train(out), out / "usual.joblib", out / "results.csv"
    payments = sample(asked.rows, 2)
    few = head_of(payments, min(asked.usual_rows, asked.rows))
    command = [sys.executable, "-m", "bench.serving.usual_batch", "train", str(sample(TRAINED_ON, 1)), str(model)]
    subprocess.run(command, cwd=ROOT, check=True)
    usual, ours, same = [], [], []
    for _ in range(TURNS):
        usual.append(run_usual(few, model, results))
        same.append(run_ours(few, version, results))
        ours.append(run_ours(payments, version, results))
    best = min(ours, key=lambda one: one["seconds"])
    figures = {
        "rows_per_s": round(best["rows"] / best["seconds"]),
        "cpu_us_per_row": round(best["cpu_s"] / best["rows"] * 1e6, 1),
        "ratio": round(min(usual) / min(one["seconds"] for one in same), 1),
        "usual_rows_per_s": round(same[0]["rows"] / min(usual)),
        "rss_1m_mb": round(best["rss_mb"]),
        **{f"{stage}_s": round(seconds, 2) for stage, seconds in best["stages"].items()},
    }
    if asked.many_rows:
        many = run_ours(sample(asked.many_rows, 3), version, results)
        figures |= {
            "rss_10m_mb": round(many["rss_mb"]),
            "rows_per_s_10m": round(many["rows"] / many["seconds"]),
            "cpu_us_per_row_10m": round(many["cpu_s"] / many["rows"] * 1e6, 1),
        }
    return figures


def main() -> None:
    parser = make_parser(__doc__)
    add_count(parser, "--rows", 1_000_000, "payments that Tollgate scores")
    add_count(parser, "--usual-rows", 100_000, "payments that the usual stack scores")
    add_count(parser, "--many-rows", 10_000_000, "payments in the large file; 0 skips it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as out:
        figures = measure(asked, Path(out))
    print(f"From CSV to scored CSV: Tollgate on {asked.rows:,} payments, the usual stack on {asked.usual_rows:,}")
    for name, figure in figures.items():
        print(f"  {name:18}{figure:>14,}")
    write_figures(asked.json, figures)


if __name__ == "__main__":
    main()
