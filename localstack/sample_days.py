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

# Each part of the split has frauds enough at every moment of the week: a test holds it.
SEED = 7
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class SamplePayments:
    """CSV files of payments in order of time: the first two with labels, ``coming`` without."""

    learned: Path
    past: Path
    coming: Path


@dataclass(frozen=True)
class Cut:
    """By how much payments are moved, and the rows with which the past and what comes after it begin."""

    moved: timedelta
    began: int
    ended: int


def simulate(
    folder: Path, rows: int, coming_rows: int, file: DetectorFile, now: datetime, past: timedelta
) -> SamplePayments:
    """Write about ``rows`` payments that lie before ``now``, the last of them in the ``past``, and some that come then.

    The simulator's dates are fixed. They are moved by whole weeks, as people pay more on some days than on others; what
    is left over of the last week is not written.
    """
    everything = folder / "all.csv"
    write_sample(rows + coming_rows, SEED, everything)
    table = read_table(everything, file.event_type)
    everything.unlink()
    times = table["timestamp"].cast(pa.timestamp("s", tz="UTC"))
    cut = cut_days(times, coming_rows, now, past)
    times = pc.add(times, pa.scalar(cut.moved, pa.duration("s")))
    table = table.set_column(1, "timestamp", pc.strftime(times, format="%Y-%m-%dT%H:%M:%SZ"))
    written = SamplePayments(folder / "payments.csv", folder / "past.csv", folder / "new-payments.csv")
    _write(table.slice(0, cut.began), written.learned)
    _write(table.slice(cut.began, cut.ended - cut.began), written.past)
    _write(table.slice(cut.ended, coming_rows).drop_columns(["is_fraud", "fraud_kind"]), written.coming)
    return written


def cut_days(times: pa.ChunkedArray, coming_rows: int, now: datetime, past: timedelta) -> Cut:
    """Return how times in order, of which the last ``coming_rows`` are to come, lie around ``now`` once moved."""
    late = now - times[len(times) - coming_rows].as_py()
    moved = (late // _WEEK + 1) * _WEEK
    at = [pa.scalar(moment - moved, times.type) for moment in (now - past, now)]
    began, ended = (pc.sum(pc.less(times, moment)).as_py() for moment in at)
    return Cut(moved, began, ended)


def _write(table: pa.Table, path: Path) -> None:
    pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed", quoting_header="none"))
