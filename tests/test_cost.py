"""What `bench/cost.py` counts with: DynamoDB's rule for the size of an item, and a bill from what was measured."""

from __future__ import annotations

import datetime
import tomllib
from collections import Counter
from typing import Any

import pytest

from bench.cost import INDEX_MEMORY_GB, MEMORY_GB, PRICES, price, price_index, rows_per_batch
from bench.serving.indexing import Indexed
from bench.serving.usage import Decided, count_metrics
from tests.fakes.item_size import item_bytes, number_bytes, read_units, write_units

READ_PRICES: dict[str, Any] = tomllib.loads(PRICES.read_text(encoding="utf-8"))


# "Leading and trailing zeroes are trimmed"; a byte for two digits and one more, and one for a minus sign.
@pytest.mark.parametrize(
    ("number", "size"),
    [("0", 1), ("7", 2), ("99", 2), ("100", 2), ("123", 3), ("-123", 4), ("12300", 3), ("0.0012", 2), ("1" * 38, 20)],
)
def test_numbers_take_a_byte_for_two_digits(number: str, size: int) -> None:
    assert number_bytes(number) == size


def test_the_size_of_an_item_counts_names_and_values() -> None:
    assert item_bytes({}) == 0
    assert item_bytes({"pk": {"S": "ü"}}) == 2 + 2
    assert item_bytes({"b": {"B": b"\x00" * 5}, "n": {"N": "1234"}}) == 1 + 5 + 1 + 3
    assert item_bytes({"m": {"M": {"key": {"S": "abc"}, "no": {"NULL": True}}}}) == 1 + 3 + (1 + 3 + 3) + (1 + 2 + 1)
    assert item_bytes({"l": {"L": [{"BOOL": True}, {"N": "7"}]}}) == 1 + 3 + (1 + 1) + (1 + 2)
    with pytest.raises(ValueError, match="type SS"):
        item_bytes({"s": {"SS": ["a"]}})


@pytest.mark.parametrize(("size", "units"), [(0, 1), (1, 1), (1_024, 1), (1_025, 2), (2_049, 3)])
def test_writes_are_billed_by_the_kilobyte_and_twice_in_a_transaction(size: int, units: int) -> None:
    assert write_units(size, together=False) == units
    assert write_units(size, together=True) == 2 * units


@pytest.mark.parametrize(("size", "units"), [(0, 1), (4_096, 1), (4_097, 2)])
def test_reads_are_billed_by_four_kilobytes(size: int, units: int) -> None:
    assert read_units(size, consistent=True) == units
    assert read_units(size, consistent=False) == units / 2


def test_a_bill_adds_up_what_decisions_took() -> None:
    taken = [
        Decided(took_ms, {"write decisions": 2.0, "write history": 10.0, "read": 7.0}, {"e": 900}, 800, 200)
        for took_ms in (1.2, 1.8)
    ]
    usd = {line.part: line.usd for line in price(taken, READ_PRICES)}
    assumed, dynamodb = READ_PRICES["assumed_ms"], READ_PRICES["dynamodb"]
    assert usd["writing the decision"] == pytest.approx(2 * dynamodb["write_units"])
    assert usd["writing histories"] == pytest.approx(10 * dynamodb["write_units"])
    assert usd["reading both"] == pytest.approx(7 * dynamodb["read_units"])
    billed_s = (2 + assumed["read"] + assumed["transaction"]) / 1000  # 1.2 and 1.8 ms are two milliseconds each
    assert usd["running the function"] == pytest.approx(billed_s * MEMORY_GB * 1e6 * 0.0000166667)
    assert usd["logs and metrics"] == pytest.approx(0.5)


def test_indexing_is_billed_by_requests_calls_and_time() -> None:
    requests = Counter({"put": 30, "list": 4, "get": 40, "delete": 2})
    line = price_index(Indexed(900, 30, 450.0, requests, 80_000), READ_PRICES)
    s3, waits = READ_PRICES["s3"], READ_PRICES["assumed_ms"]
    asked = 34 / 900 * s3["writes"] + 40 / 900 * s3["reads"]
    waited_ms = 30 * waits["s3_put"] + 4 * waits["s3_list"] + 40 * waits["s3_get"] + 2 * waits["s3_delete"]
    took_ms = 450 * MEMORY_GB / INDEX_MEMORY_GB  # a function with so much memory has one processor, others a part of it
    running = (took_ms + waited_ms + 30) / 900 / 1000 * INDEX_MEMORY_GB * 1e6 * 0.0000166667
    assert line.usd == pytest.approx(asked + 30 / 900 * 0.20 + running)
    assert rows_per_batch(READ_PRICES) == 45


def test_the_price_list_has_a_date_and_no_price_is_nothing() -> None:
    assert datetime.date.fromisoformat(READ_PRICES["as_of"]) >= datetime.date(2026, 11, 1)
    listed = [value for section in READ_PRICES.values() if isinstance(section, dict) for value in section.values()]
    assert len(listed) >= 14
    assert all(value > 0 for value in listed)


def test_a_metric_is_one_combination_of_name_and_dimensions() -> None:
    line = (
        '{"_aws": {"CloudWatchMetrics": [{"Dimensions": [["D"]], "Metrics": [{"Name": "a"}, {"Name": "b"}]}]},'
        ' "D": "%s", "a": 1, "b": 2}\n'
    )
    assert count_metrics(line % "x" + line % "x") == 2
    assert count_metrics(line % "x" + line % "y") == 4
