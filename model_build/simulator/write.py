"""Simulation of payments, written as CSV or Parquet day by day, so that memory holds the world and a few days."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from model_build.simulator.frauds import FRAUD_KINDS, count_frauds, plan_frauds
from model_build.simulator.merchants import CATEGORIES
from model_build.simulator.payments import CHANNELS, Payments, join_payments, pay_for_a_day
from model_build.simulator.places import Ints
from model_build.simulator.world import DAY_S, FIRST_SECOND, World, build_world

_TEXT = pa.string()
SCHEMA = pa.schema(
    [
        ("event_id", _TEXT),
        ("timestamp", pa.timestamp("ms", tz="UTC")),
        ("amount", pa.float64()),
        ("currency", _TEXT),
        ("customer_id", _TEXT),
        ("merchant_id", _TEXT),
        ("merchant_category", _TEXT),
        ("device_id", _TEXT),
        ("ip", _TEXT),
        ("latitude", pa.float64()),
        ("longitude", pa.float64()),
        ("channel", _TEXT),
        ("is_fraud", pa.int8()),
        ("fraud_kind", _TEXT),
    ]
)
COLUMNS = tuple(SCHEMA.names)
_CHUNK_ROWS = 65_536
# Thursday first, as 1 January 2026 was: people pay most on Friday and Saturday
_WEEK = (1.0, 1.15, 1.2, 0.9, 0.9, 0.92, 0.95)
_OCTETS = pa.array([str(number) for number in range(256)])


def write_sample(rows: int, seed: int, out: Path, progress: Callable[[int], None] | None = None) -> None:
    """Write `rows` sample payments, sorted by time, to a .csv or .parquet file; the same seed gives the same bytes.

    `progress`, when given, is called with the number of rows written so far. The file appears whole or not at all.
    Raises ValueError, in one sentence, for rows < 1, a negative seed, or another extension.
    """
    write = {".csv": _write_csv, ".parquet": _write_parquet}.get(out.suffix.lower())
    if write is None:
        raise ValueError(f"Sample payments are written as .csv or .parquet, and {out.name} is neither.")
    world, days = simulate(rows, seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(out.name + ".part")
    try:
        write(unfinished, _count_rows(_make_batches(world, days, rows, seed), progress))
        unfinished.replace(out)
    finally:
        unfinished.unlink(missing_ok=True)


def simulate(rows: int, seed: int) -> tuple[World, Iterator[Payments]]:
    """Make the world, and an iterator over its days: each day's payments sorted by time, `rows` of them in all.

    Raises ValueError when rows < 1 or the seed is negative.
    """
    if rows < 1:
        raise ValueError(f"The number of rows must be at least 1, not {rows}.")
    if seed < 0:
        raise ValueError(f"The seed must not be negative, and {seed} is.")
    root = np.random.SeedSequence(seed)
    rng = np.random.Generator(np.random.PCG64(root))
    world = build_world(rows, count_frauds(rows, rng), rng)
    frauds = plan_frauds(world, rng)
    return world, _simulate_days(world, frauds, _count_a_day(world, rows - len(frauds), rng), root)


def _simulate_days(world: World, frauds: Payments, counts: Ints, root: np.random.SeedSequence) -> Iterator[Payments]:
    edges = np.searchsorted(frauds.second, FIRST_SECOND + DAY_S * np.arange(world.days + 1))
    for day, (count, own) in enumerate(zip(counts, root.spawn(world.days), strict=True)):
        rng = np.random.Generator(np.random.PCG64(own))
        payments = pay_for_a_day(world, day, int(count), rng)
        payments = join_payments([payments, frauds.take(slice(edges[day], edges[day + 1]))])
        yield payments.take(np.argsort(payments.second, kind="stable"))


def _count_a_day(world: World, total: int, rng: np.random.Generator) -> Ints:
    """Divide the legitimate payments over the days, by weekday and a little chance: shape (days,), sum `total`."""
    weight = np.resize(_WEEK, world.days) * rng.uniform(0.95, 1.05, world.days)
    reached = np.rint(np.cumsum(weight) / weight.sum() * total).astype(np.int64)
    return np.asarray(np.diff(reached, prepend=0), np.int64)


class Names:
    """The identifiers of one world, and record batches made with them."""

    def __init__(self, world: World, rows: int, seed: int) -> None:
        self._id_width = max(7, len(str(rows)))
        # shuffled, or a device's number would tell whose it is
        shuffled = np.random.Generator(np.random.PCG64([seed, 1])).permutation(world.devices)
        self._customers = _number("c", np.arange(1, len(world.customers) + 1), 6)
        self._merchants = _number("m", np.arange(1, len(world.merchants) + 1), 5)
        self._devices = _number("d", shuffled + 1, 6)
        self._category = world.merchants.category

    def tabulate(self, payments: Payments, first: int) -> pa.RecordBatch:
        """Make a record batch of COLUMNS whose event ids count from `first`."""
        n = len(payments)
        columns = [
            _number("p", np.arange(first, first + n), self._id_width),
            pa.array(payments.second * 1000).cast(SCHEMA.field("timestamp").type),
            pa.array(payments.cents / 100),
            pa.repeat("USD", n),
            self._customers.take(pa.array(payments.customer)),
            self._merchants.take(pa.array(payments.merchant)),
            pa.array(CATEGORIES).take(pa.array(self._category[payments.merchant])),
            self._devices.take(pa.array(payments.device)),
            _dotted(payments.ip),
            pa.array(payments.latitude),
            pa.array(payments.longitude),
            pa.array(CHANNELS).take(pa.array(payments.channel)),
            pa.array((payments.kind > 0).astype(np.int8)),
            pa.array(["", *FRAUD_KINDS]).take(pa.array(payments.kind)),
        ]
        return pa.record_batch(columns, schema=SCHEMA)


def _number(letter: str, numbers: Ints, width: int) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers).cast(_TEXT), width, padding="0")
    return pc.binary_join_element_wise(letter, digits, "")


def _dotted(ip: Ints) -> pa.Array:
    """Write addresses as 10.1.2.3."""
    octets = [_OCTETS.take(pa.array((ip >> shift) & 255)) for shift in (24, 16, 8, 0)]
    return pc.binary_join_element_wise(*octets, ".")


def _count_rows(batches: Iterator[pa.RecordBatch], progress: Callable[[int], None] | None) -> Iterator[pa.RecordBatch]:
    """Report after each batch, when the next one is asked for, that it has been written."""
    written = 0
    for batch in batches:
        yield batch
        written += batch.num_rows
        if progress is not None:
            progress(written)


def _write_parquet(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    with pa.parquet.ParquetWriter(path, SCHEMA) as writer:
        for batch in batches:
            writer.write_batch(batch)


def _write_csv(path: Path, batches: Iterator[pa.RecordBatch]) -> None:
    # no value holds a comma or a quote, so none needs quoting; Arrow would quote its own header
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write((",".join(COLUMNS) + "\n").encode())
        for batch in batches:
            pa.csv.write_csv(_spell_out(batch), file, options)


def _spell_out(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Write times as 2026-01-05T13:24:11Z and amounts with two digits for the cents."""
    times = batch["timestamp"].cast(pa.timestamp("s")).cast(pa.string())  # 2026-01-05 13:24:11
    times = pc.binary_join_element_wise(pc.binary_replace_slice(times, 10, 11, "T"), "Z", "")
    return batch.set_column(1, "timestamp", times).set_column(2, "amount", batch["amount"].cast(pa.decimal128(12, 2)))


def _make_batches(world: World, days: Iterator[Payments], rows: int, seed: int) -> Iterator[pa.RecordBatch]:
    names = Names(world, rows, seed)
    first = 1
    for piece in _gather(days):
        yield names.tabulate(piece, first)
        first += len(piece)


def _gather(days: Iterator[Payments]) -> Iterator[Payments]:
    """Join short days into pieces of some size, so that a small file is not made of a hundred fragments."""
    waiting: list[Payments] = []
    for payments in days:
        waiting.append(payments)
        if sum(map(len, waiting)) >= _CHUNK_ROWS:
            yield join_payments(waiting)
            waiting = []
    if waiting:
        yield join_payments(waiting)
