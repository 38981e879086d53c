"""Benchmark of histories over columns, against rolling windows in pandas.

Both compute counts and mean amounts per customer and merchant over three time spans: Tollgate with forward-decayed
sums, pandas with time-based rolling windows. Both use only what was known before each payment. The runs take turns;
the figures are medians.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
from tollgate.core.events.event import Events
from tollgate.core.history.plan import HistoryPlan, Sum
from tollgate.core.history.replay import replay_histories
from tollgate.core.history.sum_kinds import SumKind

from bench._figures import add_count, make_parser, write_figures
from model_build.data.table import read_labeled_events
from model_build.detector_file.reader import read_detector_file
from model_build.simulator import write_sample

DETECTOR_FILE = Path(__file__).parent.parent / "examples" / "sample" / "detector.toml"
SPANS_S = (86_400.0, 604_800.0, 2_592_000.0)
ENTITIES = ("customer", "merchant")


def replay_sums(events: Events) -> None:
    sums = tuple(Sum(kind, index) for kind in (SumKind.COUNT, SumKind.AMOUNT) for index in range(len(SPANS_S)))
    replay_histories(HistoryPlan(SPANS_S, dict.fromkeys(ENTITIES, sums)), events)


def roll_windows(frame: pd.DataFrame) -> None:
    for entity in ENTITIES:
        groups = frame.set_index("time").groupby(entity)["amount"]
        for span_s in SPANS_S:
            windows = groups.rolling(f"{int(span_s)}s", closed="left")
            windows.count()
            windows.mean()


def time_run(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    parser = make_parser(__doc__)
    add_count(parser, "--rows", 300_000, "payments to replay")
    add_count(parser, "--runs", 3, "times to measure")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "payments.parquet")
        write_sample(asked.rows, 1, path)
        events = read_labeled_events(path, read_detector_file(DETECTOR_FILE).event_type).events
    events = replace(events, entities={name: events.entities[name] for name in ENTITIES})
    columns = {name: keys.codes for name, keys in events.entities.items()}
    frame = pd.DataFrame({"time": pd.to_datetime(events.times_us, unit="us"), "amount": events.amounts, **columns})
    ours, windows = [], []
    for _ in range(asked.runs):
        ours.append(time_run(lambda: replay_sums(events)))
        windows.append(time_run(lambda: roll_windows(frame)))
    figures = {
        "rows_per_s": round(asked.rows / statistics.median(ours)),
        "pandas_rows_per_s": round(asked.rows / statistics.median(windows)),
        "ratio": round(statistics.median(windows) / statistics.median(ours), 2),
    }
    print(f"{asked.rows:,} payments, {len(ENTITIES)} entities, {len(SPANS_S)} time spans, median of {asked.runs} runs")
    for name, figure in figures.items():
        print(f"  {name:18} {figure:>12,}")
    write_figures(asked.json, figures)


if __name__ == "__main__":
    main()
