"""The results of a file: every row in its place, nothing lost, and a summary that adds up."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tollgate.core.detectors.version import DetectorVersion
from tollgate.core.history.stored import StoredHistories

from tests.core.files.scored import Row, Scored, to_csv
from tests.core.files.scored import score as score_in

ADDED = ["score", "probability", "outcome", "status", "reason_1", "reason_2", "reason_3"]


@pytest.fixture(scope="module")
def payments(sample_csv: Path) -> list[Row]:
    """The last 300 sample payments, without their labels."""
    with sample_csv.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[-300:]
    return [{name: cell for name, cell in row.items() if name not in ("is_fraud", "fraud_kind")} for row in rows]


def score(version: DetectorVersion, content: bytes, stored: StoredHistories | None = None) -> Scored:
    with TemporaryDirectory() as folder:
        return score_in(version, content, Path(folder), stored)


def changed(rows: Sequence[Row], changes: Mapping[int, Mapping[str, str]]) -> list[Row]:
    return [{**row, **changes.get(place, {})} for place, row in enumerate(rows)]


def test_every_row_keeps_its_place_and_its_cells(
    version: DetectorVersion, stored: StoredHistories, payments: list[Row]
) -> None:
    rows = score(version, to_csv(payments), stored).rows

    assert list(rows[0]) == [*payments[0], *ADDED]
    assert [{name: row[name] for name in payments[0]} for row in rows] == payments
    for row in rows:
        assert row["status"] == "ok"
        assert 0 <= int(row["score"]) <= 1000
        assert 0 <= float(row["probability"]) <= 1
        assert row["outcome"] == version.outcome(int(row["score"]))


def test_the_summary_adds_up(version: DetectorVersion, stored: StoredHistories, payments: list[Row]) -> None:
    scored = score(version, to_csv(payments), stored)
    rows, summary = scored.rows, scored.summary

    assert (summary["rows"], summary["scored"], summary["failed"]) == (300, 300, 0)
    assert summary["outcomes"] == {
        name: Counter(row["outcome"] for row in rows)[name] for name in ("approve", "review", "block")
    }
    for outcome, total in summary["amounts"].items():
        assert total == pytest.approx(sum(float(row["amount"]) for row in rows if row["outcome"] == outcome), abs=0.01)
    assert sum(summary["score_histogram"]["counts"]) == 300
    assert summary["score_histogram"]["edges"] == list(range(0, 1001, 50))
    assert (summary["detector"], summary["detector_version"]) == (version.detector, version.version)
    assert (summary["errors"], summary["unused_columns"]) == ([], [])


def test_top_events_are_the_most_probable_frauds_with_their_rows(
    version: DetectorVersion, stored: StoredHistories, payments: list[Row]
) -> None:
    scored = score(version, to_csv(payments), stored)
    rows, top = scored.rows, scored.summary["top_events"]

    assert len(top) == 100
    probabilities = [event["probability"] for event in top]
    assert probabilities == sorted(probabilities, reverse=True)
    assert probabilities[0] == max(float(row["probability"]) for row in rows)
    for event in top:
        row = rows[event["row"] - 1]
        assert (event["event_id"], event["outcome"]) == (row["event_id"], row["outcome"])
        assert (event["score"], event["customer_id"]) == (int(row["score"]), row["customer_id"])
        assert event["amount"] == float(row["amount"])


BAD_ROWS: Mapping[int, tuple[Mapping[str, str], str]] = {
    0: ({"amount": "a lot"}, 'error: column "amount": "a lot" is not a number'),
    4: ({"timestamp": "soon"}, 'error: column "timestamp": "soon" is no time'),
    5: ({"event_id": ""}, 'error: column "event_id": an id is required'),
    11: ({"latitude": "91"}, 'error: column "latitude": "91" is not between -90 and 90'),
}


def test_bad_rows_keep_their_place_with_a_reason_and_no_score(version: DetectorVersion, payments: list[Row]) -> None:
    scored = score(version, to_csv(changed(payments[:20], {row: change for row, (change, _) in BAD_ROWS.items()})))
    rows = scored.rows

    assert len(rows) == 20
    for place, row in enumerate(rows):
        if place in BAD_ROWS:
            assert row["status"].startswith(BAD_ROWS[place][1])
            assert (row["score"], row["probability"], row["outcome"]) == ("", "", "")
        else:
            assert row["status"] == "ok"
    assert [error["row"] for error in scored.summary["errors"]] == [place + 1 for place in BAD_ROWS]
    assert (scored.summary["scored"], scored.summary["failed"]) == (16, 4)


def test_a_repeated_id_fails_in_the_later_row(version: DetectorVersion, payments: list[Row]) -> None:
    rows = score(version, to_csv([*payments[:5], payments[2]])).rows

    assert [row["status"] == "ok" for row in rows] == [True] * 5 + [False]
    assert "already used in row 3" in rows[5]["status"]


def test_ragged_rows_keep_their_place_with_a_reason(version: DetectorVersion, payments: list[Row]) -> None:
    lines = to_csv(payments[:6]).decode().splitlines()
    lines[2] = lines[2].rpartition(",")[0]
    lines[4] += ",one,more"
    rows = score(version, "\n".join(lines).encode()).rows

    assert [row["event_id"] for row in rows] == [row["event_id"] for row in payments[:6]]
    width = len(payments[0])
    assert rows[1]["status"] == f"error: has {width - 1} cells where the header has {width}"
    assert rows[3]["status"] == f"error: has {width + 2} cells where the header has {width}"
    assert [rows[place]["status"] for place in (0, 2, 4, 5)] == ["ok"] * 4


def test_a_file_of_bad_rows_only_has_no_scores_and_all_reasons(version: DetectorVersion, payments: list[Row]) -> None:
    scored = score(version, to_csv(changed(payments[:3], {row: {"timestamp": ""} for row in range(3)})))

    assert all("a timestamp is required" in row["status"] for row in scored.rows)
    assert (scored.summary["scored"], scored.summary["failed"]) == (0, 3)
    assert sum(scored.summary["score_histogram"]["counts"]) == 0


def test_no_more_than_a_hundred_errors_are_told(version: DetectorVersion, payments: list[Row]) -> None:
    scored = score(version, to_csv(changed(payments, {row: {"amount": "x"} for row in range(300)})))

    assert len(scored.summary["errors"]) == 100
    assert scored.summary["failed"] == 300


def test_rows_in_any_order_get_the_same_scores(
    version: DetectorVersion, stored: StoredHistories, payments: list[Row]
) -> None:
    times = Counter(row["timestamp"] for row in payments)
    alone = [row for row in payments if times[row["timestamp"]] == 1]
    forward = score(version, to_csv(alone), stored).rows
    backward = score(version, to_csv(alone[::-1]), stored).rows

    assert backward[::-1] == forward


def test_the_same_file_gives_the_same_bytes(
    version: DetectorVersion, stored: StoredHistories, payments: list[Row]
) -> None:
    first, second = (score(version, to_csv(payments), stored) for _ in range(2))

    assert first.results == second.results
    assert first.summary == second.summary


def test_a_column_named_score_stays_and_ours_gets_another_name(version: DetectorVersion, payments: list[Row]) -> None:
    taken = [{**row, "score": "theirs", "tollgate_score": "too", "status": "paid"} for row in payments[:5]]
    scored = score(version, to_csv(taken))
    rows = scored.rows

    assert list(rows[0])[-7:-3] == ["tollgate_tollgate_score", "probability", "outcome", "tollgate_status"]
    assert [(row["score"], row["tollgate_score"], row["status"]) for row in rows] == [("theirs", "too", "paid")] * 5
    assert all(row["tollgate_status"] == "ok" and row["tollgate_tollgate_score"].isdigit() for row in rows)
    assert scored.summary["unused_columns"] == ["score", "tollgate_score", "status"]


def test_formulas_are_escaped_in_what_is_written_and_not_in_what_is_decided(
    version: DetectorVersion, payments: list[Row]
) -> None:
    hostile = changed(payments[:4], {1: {"customer_id": "=HYPERLINK(1)", "amount": "-12.5"}, 2: {"event_id": "@x"}})
    lines = [",".join(hostile[0]), *(",".join(row.values()) for row in hostile)]
    scored = score(version, "\n".join(lines).encode())
    rows = scored.rows

    assert (rows[1]["customer_id"], rows[1]["amount"], rows[2]["event_id"]) == ("'=HYPERLINK(1)", "-12.5", "'@x")
    assert all(row["status"] == "ok" for row in rows)
    assert "@x" in {event["event_id"] for event in scored.summary["top_events"]}


@pytest.mark.parametrize("odd", ["NaN", "Infinity", "1e999", "-Infinity", "null", "true", "[1]", '{"a":1}', "007"])
def test_the_summary_is_json_whatever_the_ids_are(version: DetectorVersion, payments: list[Row], odd: str) -> None:
    scored = score(version, to_csv(changed(payments[:3], {1: {"customer_id": odd, "event_id": odd}})))

    again = json.loads(json.dumps(scored.summary, allow_nan=False))

    (event,) = [event for event in again["top_events"] if event["row"] == 2]
    assert (event["event_id"], event["customer_id"]) == (odd, odd)


def test_rows_that_are_not_approved_carry_their_reasons(version: DetectorVersion, payments: list[Row]) -> None:
    rows = score(version, to_csv(payments)).rows
    stopped = [row for row in rows if row["outcome"] in ("review", "block")]
    assert stopped
    for row in stopped:
        assert all(re.fullmatch(r"\S.* \([+-][0-5]\)", row[f"reason_{number}"]) for number in (1, 2, 3))
    assert not any(row["reason_1"] for row in rows if row["outcome"] == "approve")


def test_a_version_without_reasons_adds_no_columns_for_them(version: DetectorVersion, payments: list[Row]) -> None:
    rows = score(replace(version, reasons=None), to_csv(payments[:5])).rows
    assert list(rows[0])[-4:] == ADDED[:4]
