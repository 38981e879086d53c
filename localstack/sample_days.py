"""Sample payments around a moment: those to learn from, the days before it, and those that come after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from model_build.data import read_table
from model_build.detector_file import DetectorFile
from model_build.sample import write_sample

_SEED = 1
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class SamplePayments:
    """CSV files of payments in order of time: the first two with labels, ``coming`` without."""

    learned: Path
    past: Path
    coming: Path


def simulate(
    folder: Path, rows: int, coming_rows: int, file: DetectorFile, now: datetime, past: timedelta
) -> SamplePayments:
    """Write about ``rows`` payments that lie before ``now``, the last of them in the ``past``, and some that come then.

    The simulator's dates are fixed. They are moved by whole weeks, as people pay more on some days than on others; what
    is left over of the last week is not written.
    """
    everything = folder / "all.csv"
    write_sample(rows + coming_rows, _SEED, everything)
    columns = read_table(everything, file.event_type)
    table = pa.table(list(columns.columns), names=list(columns.names))
    everything.unlink()
    times = table["timestamp"].cast(pa.timestamp("s", tz="UTC"))
    late = now - times[len(times) - coming_rows].as_py()
    times = pc.add(times, pa.scalar((late // _WEEK + 1) * _WEEK, pa.duration("s")))
    table = table.set_column(1, "timestamp", pc.strftime(times, format="%Y-%m-%dT%H:%M:%SZ"))
    began, ended = (pc.sum(pc.less(times, pa.scalar(at, times.type))).as_py() for at in (now - past, now))
    written = SamplePayments(folder / "payments.csv", folder / "past.csv", folder / "new-payments.csv")
    _write(table.slice(0, began), written.learned)
    _write(table.slice(began, ended - began), written.past)
    _write(table.slice(ended, coming_rows).drop_columns(["is_fraud", "fraud_kind"]), written.coming)
    return written


def _write(table: pa.Table, path: Path) -> None:
    pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed", quoting_header="none"))
