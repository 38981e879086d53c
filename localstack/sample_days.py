"""Sample payments up to a given moment: some to train on, those of the last days, and a file to score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from model_build.data.table import read_table
from model_build.detector_file.reader import DetectorFile
from model_build.simulator import write_sample

# Each part of the split has frauds enough at every moment of the week: a test holds it.
SEED = 7
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class SamplePayments:
    """CSV files of payments in order of time: the first two with labels, ``coming`` without.

    ``past`` and ``coming`` are of the same days and of different customers.
    """

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
    """Write about ``rows`` payments that lie before ``now``, the last of them in the ``past``, and more of those days.

    The latter are the ``coming_rows`` payments of some customers, of whom nothing later is in the past. The simulator's
    dates are fixed. They are moved by whole weeks, as people pay more on some days than on others; what would come
    after now is not written.
    """
    everything = folder / "all.csv"
    write_sample(rows + coming_rows, SEED, everything)
    columns = read_table(everything, file.event_type)
    table = pa.table(list(columns.columns), names=list(columns.names))
    everything.unlink()
    times = table["timestamp"].cast(pa.timestamp("s", tz="UTC"))
    cut = cut_days(times, now, past)
    times = pc.add(times, pa.scalar(cut.moved, pa.duration("s")))
    table = table.set_column(1, "timestamp", pc.strftime(times, format="%Y-%m-%dT%H:%M:%SZ"))
    written = SamplePayments(folder / "payments.csv", folder / "past.csv", folder / "new-payments.csv")
    _write(table.slice(0, cut.began), written.learned)
    lately = table.slice(cut.began, cut.ended - cut.began)
    coming = _pick_by_customer(lately["customer_id"].to_pylist(), coming_rows)
    _write(lately.filter(pa.array(~coming)), written.past)
    _write(lately.filter(pa.array(coming)).drop_columns(["is_fraud", "fraud_kind"]), written.coming)
    return written


def _pick_by_customer(customers: Sequence[str], rows: int) -> npt.NDArray[np.bool_]:
    """Choose the last ``rows`` payments of as many customers as have them, shape (n,), given whose each one is."""
    counts, chosen, found = Counter(customers), set(), 0
    for customer in sorted(counts, key=lambda one: crc32(one.encode())):
        if found < rows:
            chosen.add(customer)
            found += counts[customer]
    theirs = np.array([customer in chosen for customer in customers])
    return theirs & (np.cumsum(theirs[::-1])[::-1] <= rows)


def cut_days(times: pa.ChunkedArray, now: datetime, past: timedelta) -> Cut:
    """Return how times in order lie around ``now`` once the last of them are moved to it."""
    moved = ((now - times[-1].as_py()) // _WEEK + 1) * _WEEK
    at = [pa.scalar(moment - moved, times.type) for moment in (now - past, now)]
    began, ended = (pc.sum(pc.less(times, moment)).as_py() for moment in at)
    return Cut(moved, began, ended)


def _write(table: pa.Table, path: Path) -> None:
    pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed", quoting_header="none"))
