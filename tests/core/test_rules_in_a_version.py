"""Rules in a sealed version: every door's decisions go by them, and say which matched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tollgate.core.decisions.decide import decide_one
from tollgate.core.decisions.in_order import decide_in_order
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.events.event import Events
from tollgate.core.history.stored import StoredHistories
from tollgate.core.rules.rule import Rule, RuleBook
from tollgate.core.rules.value_lists import ValueList

from model_build.data.table import read_labeled_events
from model_build.deployment.publish import open_folder
from tests.core.files.scored import score
from tests.services.backend import reseal

ORDER = ("approve", "review", "call", "block")
RULES = (
    Rule("denied", "customer_id in denied", "block"),
    Rule("electronics", 'merchant_category == "electronics" && amount > 40', "call"),
    Rule("new device", "customer_device_count_30d < 3", "review", shadow=True),
)


@pytest.fixture(scope="module")
def ruled(sample_version: Path, tmp_path_factory: pytest.TempPathFactory) -> DetectorVersion:
    """The sample version with rules, sealed again."""
    lists = {"denied": ValueList.of("text", ["c000001", "c000005"])}
    book = RuleBook("ALL_MATCHED", RULES, lists, ORDER)
    return open_folder(reseal(sample_version, tmp_path_factory.mktemp("ruled"), rules=book.to_json()))


@pytest.fixture(scope="module")
def events(ruled: DetectorVersion, sample_csv: Path) -> Events:
    events = read_labeled_events(sample_csv, ruled.event_type).events
    return events.take(np.arange(len(events) - 400, len(events)))


def test_a_version_without_rules_has_none(version: DetectorVersion) -> None:
    assert version.rules.rules == ()
    assert version.order == ("approve", "review", "block")


def test_rules_are_opened_from_the_seal(ruled: DetectorVersion) -> None:
    assert tuple(compiled.rule for compiled in ruled.rules.rules) == RULES
    assert ruled.order == ORDER
    assert ruled.rules.book.lists["denied"].values == frozenset({"c000001", "c000005"})


def test_a_file_and_single_payments_are_decided_alike(
    ruled: DetectorVersion, stored: StoredHistories, events: Events
) -> None:
    decided = decide_in_order(ruled, events, stored)
    assert all(count > 0 for count in decided.rules.counts().values())
    assert {"call", "block"} <= set(decided.outcomes)

    for row in range(0, len(events), 10):
        one = events.take(np.array([row]))
        alone, in_order = decide_one(ruled, one, stored), decide_in_order(ruled, one, stored)
        assert alone.outcomes == in_order.outcomes
        assert alone.rules.hits(0) == in_order.rules.hits(0)
        assert alone.rules.lists(0) == in_order.rules.lists(0)


def test_the_strongest_of_rules_and_score_wins(ruled: DetectorVersion, events: Events) -> None:
    decided = decide_in_order(ruled, events, {})
    for row, outcome in enumerate(decided.outcomes):
        said = [hit.outcome for hit in decided.rules.hits(row) if not hit.shadow]
        said.append(ruled.outcome(int(decided.scores[row])))
        assert outcome == max(said, key=ORDER.index), row


def test_a_scored_file_names_the_rules_of_each_row(ruled: DetectorVersion, sample_csv: Path, tmp_path: Path) -> None:
    lines = sample_csv.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b"2026-", b"never-", 1)
    scored = score(ruled, b"".join(lines[:300]), tmp_path)
    rows = scored.rows

    assert list(rows[0])[-5:] == ["score", "probability", "outcome", "rules", "status"]
    assert rows[2]["rules"] == ""
    assert rows[2]["status"].startswith("error")
    named = [name for row in rows for name in row["rules"].split("; ") if name]
    counts = scored.summary["rules"]
    assert counts == {rule.name: sum(name.removesuffix(" (shadow)") == rule.name for name in named) for rule in RULES}
    assert counts["new device"] == named.count("new device (shadow)") > 0
    assert set(scored.summary["outcomes"]) == set(ORDER)
    assert sum(scored.summary["outcomes"].values()) == 298
