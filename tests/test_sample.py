"""The sample payments: what a file holds, that it can be made again, and that every kind of fraud shows itself."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from model_build.simulator import CATEGORIES, CHANNELS, COLUMNS, FRAUD_KINDS, write_sample
from model_build.simulator.places import Floats, distance_km

Columns = dict[str, Any]
ROWS = 30_000


def read(path: Path) -> Columns:
    table = pa.parquet.read_table(path)
    return {name: table[name].to_numpy() for name in table.column_names}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Columns:
    path = tmp_path_factory.mktemp("sample") / "payments.parquet"
    write_sample(ROWS, 42, path)
    return read(path)


def frauds(sample: Columns, kind: str) -> Columns:
    chosen = sample["fraud_kind"] == kind
    return {name: values[chosen] for name, values in sample.items()}


def legitimate(sample: Columns) -> Columns:
    return frauds(sample, "")


@pytest.mark.parametrize("rows", [1, 7, 2_000, 20_000])
def test_a_file_has_exactly_the_rows_and_columns_asked_for(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "payments.csv"
    write_sample(rows, 1, path)
    lines = path.read_text().splitlines()
    assert lines[0] == (
        "event_id,timestamp,amount,currency,customer_id,merchant_id,merchant_category,device_id,ip,"
        "latitude,longitude,channel,is_fraud,fraud_kind"
    )
    assert lines[0].split(",") == list(COLUMNS)
    assert len(lines) == rows + 1
    assert '"' not in path.read_text()


@pytest.mark.parametrize("extension", ["csv", "parquet"])
def test_a_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, extension: str) -> None:
    paths = [tmp_path / f"{name}.{extension}" for name in "abc"]
    for path, seed in zip(paths, (5, 5, 6), strict=True):
        write_sample(3_000, seed, path)
    first, again, other = (path.read_bytes() for path in paths)
    assert first == again
    assert first != other


def test_csv_and_parquet_hold_the_same(tmp_path: Path) -> None:
    for extension in ("csv", "parquet"):
        write_sample(3_000, 5, tmp_path / f"payments.{extension}")
    stored = pa.parquet.read_table(tmp_path / "payments.parquet")
    options = pa.csv.ConvertOptions(column_types=stored.schema)
    assert pa.csv.read_csv(tmp_path / "payments.csv", convert_options=options).equals(stored)


def test_a_csv_line_reads_as_the_contract_says(tmp_path: Path) -> None:
    write_sample(1, 1, tmp_path / "payments.csv")
    values = dict(zip(COLUMNS, (tmp_path / "payments.csv").read_text().splitlines()[1].split(","), strict=True))
    assert values["event_id"] == "p0000001"
    assert values["timestamp"].startswith("2026-")
    assert values["timestamp"][10] + values["timestamp"][-1] == "TZ"
    assert values["amount"][-3] == "."
    assert (values["currency"], values["is_fraud"], values["fraud_kind"]) == ("USD", "0", "")


def test_events_are_sorted_and_their_ids_are_unique(sample: Columns) -> None:
    assert np.all(np.diff(sample["timestamp"].astype(np.int64)) >= 0)
    assert len(set(sample["event_id"])) == ROWS
    assert list(sample["event_id"]) == sorted(sample["event_id"])


def test_values_lie_where_they_should(sample: Columns) -> None:
    assert sample["amount"].min() > 0
    np.testing.assert_array_equal(sample["amount"], np.round(sample["amount"], 2))
    assert np.abs(sample["latitude"]).max() <= 90
    assert np.abs(sample["longitude"]).max() <= 180
    assert set(sample["channel"]) == set(CHANNELS)
    assert set(sample["merchant_category"]) <= set(CATEGORIES)
    assert set(sample["currency"]) == {"USD"}
    np.testing.assert_array_equal(sample["is_fraud"], sample["fraud_kind"] != "")


def test_customers_and_merchants_have_histories(sample: Columns) -> None:
    span = sample["timestamp"][-1] - sample["timestamp"][0]
    assert np.timedelta64(90, "D") < span < np.timedelta64(120, "D")
    assert 30 < ROWS / len(set(sample["customer_id"])) < 100
    assert 80 < ROWS / len(set(sample["merchant_id"])) < 250


@pytest.mark.parametrize("rows", [2_000, 20_000])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_about_one_payment_in_a_hundred_is_fraud(tmp_path: Path, rows: int, seed: int) -> None:
    path = tmp_path / "payments.parquet"
    write_sample(rows, seed, path)
    columns = read(path)
    assert 0.008 <= columns["is_fraud"].mean() <= 0.015
    assert set(columns["fraud_kind"]) == {"", *FRAUD_KINDS}


def test_frauds_happen_from_the_first_weeks_to_the_last(sample: Columns) -> None:
    when = (sample["timestamp"] - sample["timestamp"][0]) / (sample["timestamp"][-1] - sample["timestamp"][0])
    shares = np.histogram(when[sample["is_fraud"] == 1], bins=4, range=(0, 1))[0] / sample["is_fraud"].sum()
    assert shares.min() > 0.1


def test_high_amounts_are_several_times_the_usual(sample: Columns) -> None:
    usual = np.median(legitimate(sample)["amount"])
    assert np.median(frauds(sample, "high_amount")["amount"]) > 4 * usual


def test_a_compromised_merchant_is_one_for_some_weeks(sample: Columns) -> None:
    chosen = frauds(sample, "compromised_merchant")
    merchants, counts = np.unique(chosen["merchant_id"], return_counts=True)
    assert len(merchants) <= len(chosen["amount"]) / 8
    times = chosen["timestamp"][chosen["merchant_id"] == merchants[np.argmax(counts)]]
    assert np.timedelta64(3, "D") < times[-1] - times[0] < np.timedelta64(43, "D")


def test_a_card_used_far_away_is_far_from_home(sample: Columns) -> None:
    honest, chosen = legitimate(sample), frauds(sample, "far_away")
    homes = {
        customer: [np.median(honest[axis][honest["customer_id"] == customer]) for axis in ("latitude", "longitude")]
        for customer in set(chosen["customer_id"])
    }
    latitude, longitude = np.array([homes[customer] for customer in chosen["customer_id"]]).T
    distances = distance_km(chosen["latitude"], chosen["longitude"], latitude, longitude)
    assert np.mean(distances > 400) > 0.95
    assert set(chosen["channel"]) <= {"card_present", "contactless"}


def test_card_testing_is_bursts_of_small_charges(sample: Columns) -> None:
    chosen = frauds(sample, "card_testing")
    assert chosen["amount"].max() < 6
    gaps = np.diff(chosen["timestamp"]) / np.timedelta64(1, "m")
    assert np.mean(gaps < 30) > 0.6


def test_an_account_is_taken_over_from_a_new_device_at_an_odd_hour(sample: Columns) -> None:
    honest, chosen = legitimate(sample), frauds(sample, "account_takeover")
    known = set(zip(honest["customer_id"], honest["device_id"], strict=True))
    assert not known & set(zip(chosen["customer_id"], chosen["device_id"], strict=True))
    local_hours = [hours_of_day(columns) for columns in (honest, chosen)]
    at_night = [np.mean((hours < 7) | (hours > 23)) for hours in local_hours]
    assert at_night[1] > 3 * at_night[0]


def hours_of_day(columns: Columns) -> Floats:
    """Hours by the sun, near enough to local time."""
    seconds = columns["timestamp"].astype("datetime64[s]").astype(np.int64)
    return np.asarray(np.mod(seconds / 3600 + columns["longitude"] / 15, 24))


def test_accounts_of_a_ring_share_devices(sample: Columns) -> None:
    chosen = frauds(sample, "device_ring")
    owners = [set(chosen["customer_id"][chosen["device_id"] == device]) for device in set(chosen["device_id"])]
    assert np.median([len(customers) for customers in owners]) >= 3


def test_honest_customers_do_odd_things_too(sample: Columns) -> None:
    honest = legitimate(sample)
    sharing: dict[str, set[str]] = {device: set() for device in honest["device_id"]}
    for device, customer in zip(honest["device_id"], honest["customer_id"], strict=True):
        sharing[device].add(customer)
    assert sum(len(customers) > 1 for customers in sharing.values()) > 10
    assert np.mean(honest["amount"] > 500) > 0.002
    hours = hours_of_day(honest)
    assert np.mean((hours > 1) & (hours < 5)) > 0.005


def test_progress_counts_up_to_all_rows(tmp_path: Path) -> None:
    seen: list[int] = []
    write_sample(100_000, 1, tmp_path / "payments.parquet", seen.append)
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == 100_000


@pytest.mark.parametrize(
    ("rows", "seed", "name", "sentence"),
    [
        (0, 1, "payments.csv", "The number of rows must be at least 1, not 0."),
        (10, -1, "payments.csv", "The seed must not be negative, and -1 is."),
        (10, 1, "payments.json", "Sample payments are written as .csv or .parquet, and payments.json is neither."),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence(
    tmp_path: Path, rows: int, seed: int, name: str, sentence: str
) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        write_sample(rows, seed, tmp_path / name)
    assert str(refusal.value) == sentence
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_could_not_be_finished_is_not_left_behind(tmp_path: Path) -> None:
    def interrupt(_written: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_sample(2_000, 1, tmp_path / "payments.csv", interrupt)
    assert list(tmp_path.iterdir()) == []
