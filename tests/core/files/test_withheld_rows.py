"""Rows of a file that were not let through: later rows see them as single payments would, however the file is cut."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from tollgate.core.decisions.decide import decide_one
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.events.reader import read_events
from tollgate.core.history.labels import NOTHING_WITHHELD, Withheld
from tollgate.core.history.latest_addition import without_latest
from tollgate.core.history.stored import StoredHistories, StoredSums, add_legitimate, add_up
from tollgate.core.history.stored_names import OPEN
from tollgate.core.rules.rule import Rule, RuleBook

from model_build.deployment.publish import open_folder
from tests.core.files.scored import Row, score, to_csv
from tests.core.one_by_one import Store
from tests.core.timeline import Timeline
from tests.services.backend import reseal

ORDER = ("approve", "review", "block")
DAY_S = 86_400
RULES = (
    Rule("large", "amount > 150", "block"),
    Rule("trusted", "customer_legitimate_count_30d > 2.5 && amount > 60", "block"),
)


@pytest.fixture(scope="module")
def strict(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> DetectorVersion:
    return open_folder(make_strict(sample_version, tmp_path_factory.mktemp("strict")))


def make_strict(sample_version: Path, folder: Path, *, records: bool = False) -> Path:
    """Seal the sample version with rules that block often, some of them by what proved legitimate."""
    book = RuleBook("ALL_MATCHED", RULES, {}, ORDER)
    return reseal(sample_version, folder, rules=book.to_json(), record_batches=records)


@pytest.fixture(scope="module")
def payments(strict: DetectorVersion, sample_csv: Path) -> list[Row]:
    return make_payments(strict, sample_csv)


def make_payments(version: DetectorVersion, sample_csv: Path) -> list[Row]:
    """Return payments of four customers over eight weeks."""
    with sample_csv.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[-240:]
    random, first_s = Random(3), 1_790_000_000
    times = sorted(first_s + random.randrange(56 * DAY_S) for _ in rows)
    columns = version.event_type.variables
    return [
        {
            **{name: cell for name, cell in row.items() if name in columns},
            "timestamp": str(np.datetime64(time, "s")) + "Z",
            "customer_id": f"c{place % 4}",
            "merchant_id": f"m{place % 7}",
            "amount": f"{random.lognormvariate(4, 0.9):.2f}",
        }
        for place, (row, time) in enumerate(zip(rows, times, strict=True))
    ]


def events_of(version: DetectorVersion, rows: list[Row]) -> Events:
    columns = {name: [row[name] for row in rows] for name in version.event_type.variables}
    return read_events(version.event_type, columns)[0]


def one_by_one(
    version: DetectorVersion, events: Events, stored: StoredHistories
) -> tuple[list[float], list[str], Store]:
    """Decide on each event as it arrives, and add it as it was decided."""
    sums = {entity: {key: dict(its) for key, its in keys.items()} for entity, keys in stored.items()}
    store, probabilities, outcomes = Store(version.history, sums), [], []
    for row in range(len(events)):
        one = events.take(np.array([row]))
        decided = decide_one(version, one, store.sums)
        blocked = not version.lets_through(decided.outcomes[0])
        store.happen(
            one, Timeline.of(one), Withheld(np.array([0]), np.array([np.inf])) if blocked else NOTHING_WITHHELD
        )
        probabilities.append(float(decided.probabilities[0]))
        outcomes.append(decided.outcomes[0])
    return probabilities, outcomes, store


@pytest.mark.parametrize("chunk_rows", [7, 60, 1000])
def test_a_file_of_weeks_is_decided_as_single_payments(
    strict: DetectorVersion, payments: list[Row], tmp_path: Path, chunk_rows: int
) -> None:
    events = events_of(strict, payments)
    probabilities, outcomes, store = one_by_one(strict, events, {})

    scored = score(strict, to_csv(payments), tmp_path, chunk_rows=chunk_rows)

    assert [float(row["probability"]) for row in scored.rows] == probabilities
    assert [row["outcome"] for row in scored.rows] == outcomes
    assert 20 < outcomes.count("block") < 220
    left = {(entity, key): sums for entity, key, sums in scored.scoring.additions()}
    for (entity, key), sums in left.items():
        wanted = store.folded(entity, float(events.times_s[-1])).get(key, {})
        opened = [{name: n for name, n in its.items() if name[0] == OPEN} for its in (sums, wanted)]
        # A key that came no more has folded less.
        assert sum(opened[0].values()) >= sum(opened[1].values())
    again = decide_in_order(strict, events, {})
    assert (again.probabilities.tolist(), list(again.outcomes)) == (probabilities, outcomes)


def test_what_was_blocked_matters(strict: DetectorVersion, payments: list[Row]) -> None:
    trusting = replace(strict, safety=replace(strict.safety, block="nothing", review="block"))
    events = events_of(strict, payments)

    assert trusting.withheld_from == len(trusting.order)
    assert decide_in_order(trusting, events, {}).outcomes != decide_in_order(strict, events, {}).outcomes


def test_a_file_that_is_cut_and_goes_on_is_the_same(
    strict: DetectorVersion, payments: list[Row], tmp_path: Path
) -> None:
    whole = score(strict, to_csv(payments), tmp_path / "whole", chunk_rows=50)
    for cut_after in (1, 3):
        cut = score(strict, to_csv(payments), tmp_path / f"cut-{cut_after}", chunk_rows=50, cut_after=cut_after)
        assert cut.results == whole.results
        assert list(cut.scoring.additions()) == list(whole.scoring.additions())


def test_a_blocked_payment_is_not_recorded_as_open(
    strict: DetectorVersion, payments: list[Row], tmp_path: Path
) -> None:
    rows = [{**row, "customer_id": "c", "amount": amount} for row, amount in zip(payments, ["20", "900"], strict=False)]
    for place, name in enumerate(("approved", "blocked")):
        scored = score(strict, to_csv([rows[place]]), tmp_path / name)
        (sums,) = (sums for entity, _, sums in scored.scoring.additions() if entity == "customer")
        assert sum(name[0] == OPEN for name in without_latest(sums)) == 1 - place, scored.rows[0]["outcome"]


def test_a_file_that_comes_months_late_takes_back_what_it_blocked(
    strict: DetectorVersion, payments: list[Row], tmp_path: Path
) -> None:
    late = [{**row, "timestamp": row["timestamp"].replace("2026", "2025")} for row in payments[:60]]
    first = score(strict, to_csv(payments[-1:]), tmp_path / "first")
    stored: dict[str, dict[str, dict[str, int]]] = {}
    for entity, key, sums in first.scoring.additions():
        stored.setdefault(entity, {})[key] = dict(sums)
    # Every customer was added to long after.
    for customer in ("c0", "c1", "c2", "c3"):
        stored["customer"].setdefault(customer, dict(stored["customer"]["c3"]))

    scored = score(strict, to_csv(late), tmp_path / "late", stored)

    through = [row for row in scored.rows if row["outcome"] != "block"]
    assert 5 < len(through) < 55
    longest, maturing = len(strict.history.half_lives_s) - 1, strict.history.maturing
    assert maturing is not None
    wanted: dict[str, dict[str, int]] = {}
    for row, time_s in zip(scored.rows, events_of(strict, late).times_s.tolist(), strict=True):
        if row["outcome"] != "block":
            added = add_legitimate(strict.history, "customer", maturing.step(time_s) * maturing.step_s)
            wanted[row["customer_id"]] = add_up(wanted.get(row["customer_id"], {}), added)
    for entity, key, sums in scored.scoring.additions():
        if entity == "customer":
            assert _legitimate(sums, longest) == _legitimate(wanted[key], longest)
            assert not [name for name in sums if name[0] == OPEN]


def _legitimate(sums: StoredSums, half_life: int) -> dict[str, int]:
    return {name: number for name, number in sums.items() if name.startswith(f"l{half_life}")}
