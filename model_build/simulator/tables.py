"""Arrow tables of sample payments: the columns, and the names of customers, merchants and devices."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from model_build.simulator.frauds import FRAUD_KINDS
from model_build.simulator.merchants import CATEGORIES
from model_build.simulator.payments import CHANNELS, Payments
from model_build.simulator.places import Ints
from model_build.simulator.world import World

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
_OCTETS = pa.array([str(number) for number in range(256)])


class Names:
    """The identifiers of one world, and the making of record batches with them."""

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
