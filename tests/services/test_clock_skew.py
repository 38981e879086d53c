"""An event that lies ahead of the clock changes nothing of what is known of others, wherever it comes from."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tollgate import clock
from tollgate.core.detectors.safety import Safety
from tollgate.core.detectors.version import EVALUATION, MANIFEST, MODEL, REASONS
from tollgate.errors import EventAheadError
from tollgate.services.batches.catalog import show_batch
from tollgate.services.batches.process import score_batch
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_and_publish, decide_event
from tollgate.services.decisions.find import find_decision
from tollgate.services.decisions.what_if import WhatIf, what_if
from tollgate.services.labels.label import label_events
from tollgate.services.streams.process import decide_records

from model_build.cli.main import main
from model_build.sealing.seal import HISTORIES, seal_version
from tests.services.backend import DETECTOR, Backend, Payment, Publish, reseal, write_payments
from tests.services.stream_reading import Letters
from tests.services.test_decide_lot import write_lot

pytest_plugins = ("tests.services.stream_fixture",)
pytestmark = pytest.mark.emulator

NOW = datetime(2026, 4, 14, 12, tzinfo=UTC)
AHEAD = [timedelta(minutes=11), timedelta(hours=7), timedelta(days=5), timedelta(days=10), timedelta(days=1461)]


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with clock.set_to(NOW):
        yield


def dated(payment: Payment, moment: datetime, event_id: str) -> Payment:
    return {**payment, "event_id": event_id, "timestamp": moment.isoformat()}


def facts(container: Container, payment: Payment) -> Any:  # noqa: ANN401 - JSON
    return what_if(container, WhatIf(dated(payment, NOW, "asked"), histories=True))


@pytest.mark.parametrize("ahead", AHEAD)
def test_it_is_refused_and_changes_nothing_of_others(
    backend: Backend, payment: Payment, ahead: timedelta, capsys: pytest.CaptureFixture[str]
) -> None:
    container = backend.container
    decide_event(container, dated(payment, NOW - timedelta(minutes=5), "before"))
    before, stored = facts(container, payment), backend.histories()
    capsys.readouterr()
    with pytest.raises(EventAheadError) as caught:
        decide_and_publish(container, dated(payment, NOW + ahead, "skewed"))
    assert str(caught.value).startswith('Column "timestamp": 20')
    assert "ahead of now (2026-04-14T12:00:0" in str(caught.value)
    assert "an event may lie at most 10 minutes ahead: check the clock" in str(caught.value)
    assert '"EventsAhead":1.0' in capsys.readouterr().out
    with pytest.raises(EventAheadError):
        what_if(container, WhatIf(dated(payment, NOW + ahead, "skewed")))
    assert facts(container, payment) == before
    assert backend.histories() == stored


def test_a_little_ahead_is_fine_and_a_decision_once_made_stays(container: Container, payment: Payment) -> None:
    first = decide_event(container, dated(payment, NOW + timedelta(minutes=9), "near"))
    assert first.clock is None
    with clock.set_to(NOW - timedelta(days=1)):
        again = decide_event(container, dated(payment, NOW + timedelta(minutes=9), "near"))
        assert again.repeated
        assert again.score == first.score
        told = what_if(container, WhatIf(event_id="near", variants=[{"timestamp": "2030-01-01T00:00:00Z"}]))
    assert told.unchanged.probability == first.probability


def test_how_far_ahead_is_the_detector_s_to_say(
    backend: Backend, publish: Publish, payment: Payment, sample_version: Path
) -> None:
    event_type = json.loads((sample_version / "detector.json").read_text())["event_type"]
    publish(None, event_type={**event_type, "max_ahead_s": 86_400.0})
    assert decide_event(backend.container, dated(payment, NOW + timedelta(hours=23), "tomorrow")).recorded
    with pytest.raises(EventAheadError, match="at most 1 day ahead"):
        decide_event(backend.container, dated(payment, NOW + timedelta(hours=25), "later"))


def test_a_version_of_older_code_has_the_usual_limit(
    backend: Backend, payment: Payment, sample_version: Path, tmp_path: Path
) -> None:
    manifest = json.loads((sample_version / "detector.json").read_text())
    event_type, safety = manifest["event_type"], manifest["safety"]
    del event_type["max_ahead_s"], safety["clock"]
    folder = reseal(sample_version, tmp_path, event_type=event_type, safety=safety)
    backend.publish(folder)
    with pytest.raises(EventAheadError, match="at most 10 minutes ahead"):
        decide_event(backend.container, dated(payment, NOW + timedelta(hours=1), "later"))


def test_without_its_model_it_is_refused_too(backend: Backend, publish: Publish, payment: Payment) -> None:
    publish(Safety(fail="review", required=("amount",)))
    event = {**dated(payment, NOW + timedelta(days=1), "skewed"), "amount": None}
    with pytest.raises(EventAheadError):
        decide_event(backend.container, event)


def replay(backend: Backend, event_id: str) -> str:
    table = backend.environment["TOLLGATE_DECISIONS_TABLE"]
    asked = ["replay", event_id, "--detector", DETECTOR, "--decisions-table", table, "--bucket", backend.bucket]
    return CliRunner().invoke(main, asked).output


def seal_with_reasons(folder: Path, out: Path, safety: Safety) -> Path:
    files = {name: (folder / name).read_bytes() for name in (MANIFEST, MODEL, EVALUATION, HISTORIES, REASONS)}
    manifest = json.loads(files[MANIFEST])
    for name in ("files", "format", "histories", "card", "past_events"):
        manifest.pop(name, None)
    manifest["safety"] = safety.to_json()
    evaluation = json.loads(files[EVALUATION])
    return seal_version(manifest, files[MODEL], evaluation, files[HISTORIES], out, reasons=files[REASONS]).folder


def test_as_of_now_it_is_decided_on_as_if_it_were_dated_now(
    backend: Backend,
    sample_version: Path,
    later_payments: list[Payment],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    backend.publish(seal_with_reasons(sample_version, tmp_path, Safety(clock="now")))
    container, payment = backend.container, later_payments[0]
    decide_event(container, dated(payment, NOW - timedelta(minutes=5), "before"))
    supposed = what_if(container, WhatIf(dated(payment, clock.now(), "asked"), reasons="all"))
    assert supposed.clock is None
    skewed = dated(payment, datetime(2062, 3, 1, 10, tzinfo=UTC), "skewed")
    asked = what_if(container, WhatIf(skewed, reasons="all"))
    assert asked.clock is not None
    assert asked.clock.given == "2062-03-01T10:00:00Z"
    capsys.readouterr()
    answer = decide_and_publish(container, skewed, reasons="all")
    assert '"EventsAhead":1.0' in capsys.readouterr().out
    assert answer.clock is not None
    assert answer.clock.given == "2062-03-01T10:00:00Z"
    assert answer.clock.used.startswith("2026-04-14T12:0")
    assert answer.probability == pytest.approx(supposed.unchanged.probability, rel=1e-3)
    record = container.decisions.find(DETECTOR, "skewed")
    assert record is not None
    assert record.time_s == datetime.fromisoformat(answer.clock.used).timestamp()
    assert record.event == skewed
    assert replay(backend, "skewed").startswith("Identical: ")
    found = find_decision(container, "skewed", reasons="all")
    assert (found.clock, found.reasons) == (answer.clock, answer.reasons)
    told = what_if(container, WhatIf(event_id="skewed"))
    assert (told.unchanged.probability, told.clock) == (answer.probability, answer.clock)
    with clock.set_to(NOW + timedelta(hours=1)):
        assert decide_event(container, skewed).clock == answer.clock


def rows_of(backend: Backend, key: str, content: bytes) -> tuple[list[dict[str, str]], Mapping[str, Any]]:
    state = score_batch(backend.container, key, backend.drop(key, content))
    summary = show_batch(backend.container, state.batch_id)["summary"]
    return list(csv.DictReader(io.StringIO(backend.get(summary["results"]).decode()))), summary


def test_in_a_file_that_row_alone_is_refused(
    backend: Backend, later_payments: list[Payment], capsys: pytest.CaptureFixture[str]
) -> None:
    payments = [dated(one, NOW - timedelta(minutes=9 - n), f"r{n}") for n, one in enumerate(later_payments[:8])]
    skewed = dated(payments[3], NOW + timedelta(days=5), "skewed")
    clean, _ = rows_of(backend, "inbox/payments/clean.csv", write_payments(payments))
    capsys.readouterr()
    rows, summary = rows_of(backend, "inbox/payments/odd.csv", write_payments([*payments[:4], skewed, *payments[4:]]))
    assert rows[:4] + rows[5:] == clean
    assert rows[4]["status"].startswith(
        'error: column "timestamp": 2026-04-19T12:00:00Z lies 5 days ahead of now (2026-04-'
    )
    assert (summary["ahead"], summary["failed"], summary["notes"]) == (1, 1, [])
    assert '"EventsAhead":1.0' in capsys.readouterr().out


def test_in_a_file_it_may_be_decided_on_as_of_now(
    backend: Backend, publish: Publish, later_payments: list[Payment]
) -> None:
    publish(Safety(clock="now"))
    payments = [dated(one, NOW - timedelta(minutes=9 - n), f"r{n}") for n, one in enumerate(later_payments[:8])]
    rows, summary = rows_of(
        backend, "inbox/payments/odd.csv", write_payments([*payments, dated(payments[0], NOW + timedelta(9), "skewed")])
    )
    assert [row["clock"] for row in rows[:-1]] == [""] * 8
    assert rows[-1]["clock"].startswith("2026-04-14T12:0")
    assert (rows[-1]["status"], summary["ahead"], summary["failed"]) == ("ok", 1, 0)


def test_a_run_that_goes_on_with_a_file_has_the_now_of_the_first(
    backend: Backend, later_payments: list[Payment]
) -> None:
    key, content = (
        "inbox/payments/a.csv",
        write_payments([dated(later_payments[0], NOW + timedelta(hours=1), "skewed")]),
    )
    etag = backend.drop(key, content)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tollgate.services.batches.process.score_rows", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            score_batch(backend.container, key, etag)
    with clock.set_to(NOW + timedelta(hours=2)):
        state = score_batch(backend.container, key, etag)
    assert (state.status, state.failed) == ("done", 1)


def test_a_row_of_long_ago_is_noted(backend: Backend, later_payments: list[Payment]) -> None:
    payments = [dated(one, NOW - timedelta(minutes=9 - n), f"r{n}") for n, one in enumerate(later_payments[:8])]
    old = dated(payments[0], datetime(1970, 1, 2, tzinfo=UTC), "old")
    clean, _ = rows_of(backend, "inbox/payments/clean.csv", write_payments(payments))
    rows, summary = rows_of(backend, "inbox/payments/odd.csv", write_payments([*payments, old]))
    assert rows[:-1] == clean
    assert summary["notes"] == ["1 row lies 56 years before the others, it is row 9: check its date."]


def test_in_a_stream_that_record_alone_goes_to_the_dead_letters(
    backend: Backend, letters: Letters, later_payments: list[Payment]
) -> None:
    payments = [dated(one, NOW, f"s{n}") for n, one in enumerate(later_payments[:3])]
    payments[1] = dated(payments[1], NOW + timedelta(days=1), "skewed")
    assert decide_records(backend.container, write_lot(payments)) == []
    (letter,) = letters()
    assert letter["code"] == "event_ahead"
    assert "2026-04-15T12:00:00Z lies 1 day ahead of now" in letter["reason"]
    assert [backend.container.decisions.find(DETECTOR, one["event_id"]) is not None for one in payments] == [
        True,
        False,
        True,
    ]


def test_a_label_known_later_than_now_fails_alone(backend: Backend, payment: Payment) -> None:
    container = backend.container
    decide_event(container, dated(payment, NOW - timedelta(days=1), "decided"))
    before = backend.histories()
    late = (NOW + timedelta(days=400)).isoformat()
    answer = label_events(
        container,
        [
            {"event_id": "decided", "label": "fraud", "known_at": late},
            {"event_id": "not yet", "label": "fraud", "known_at": late},
            {"event_id": "waits", "label": "fraud", "known_at": NOW.isoformat()},
        ],
    )
    assert [result["status"] for result in answer["results"]] == ["failed", "failed", "waiting"]
    assert answer["results"][0]["message"].startswith(
        "known_at: 2027-05-19T12:00:00Z lies 400 days ahead of now (2026-04-1"
    )
    assert "a label may become known at most 10 minutes ahead" in answer["results"][1]["message"]
    assert backend.histories() == before
