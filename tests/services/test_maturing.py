"""Events mature in storage without anybody's doing: whoever folds them, and whoever meets, every sum is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tollgate import clock
from tollgate.core.decisions.decide import Reads, decide
from tollgate.core.decisions.decision import Decision
from tollgate.core.history.labels import Frauds
from tollgate.core.history.replay import replay_histories
from tollgate.core.history.stored_names import OPEN
from tollgate.core.history.unusual_amounts import is_unusual
from tollgate.services.batches.process import score_batch
from tollgate.services.container import Container
from tollgate.services.decisions.decide import decide_event
from tollgate.services.labels.label import label_events

from tests.services.at_once import come_between, meet
from tests.services.backend import Backend, Payment, write_payments
from tests.services.expected import Histories, expected_histories, read_payments_as_events, settled

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator

BEGIN = datetime(2026, 6, 1, 12, tzinfo=UTC)
# What is compared has matured by then, and nothing has faded but what is summed over an hour.
LATER_D = 25.0


def seconds(days: float) -> float:
    return (BEGIN + timedelta(days=days)).timestamp()


def after(days: float) -> str:
    return (BEGIN + timedelta(days=days)).isoformat()


def at(payment: Payment, *days: float, **changes: object) -> list[Payment]:
    """Return payments like ``payment``, so many days after the beginning."""
    return [{**payment, "event_id": f"day-{day}", "timestamp": after(day), **changes} for day in days]


def say(container: Container, payment: Payment, label: str, known_d: float) -> None:
    answer = label_events(container, [{"event_id": payment["event_id"], "label": label, "known_at": after(known_d)}])
    assert answer["accepted"] == 1


def at_last(container: Container, histories: Histories, days: float = LATER_D) -> Histories:
    return settled(container.champion(), histories, seconds(days))


def open_steps(histories: Histories) -> dict[str, int]:
    (sums,) = (sums for pk, sums in histories.items() if "#merchant#" in pk)
    return {name: number for name, number in sums.items() if name[0] == OPEN}


def test_a_later_event_folds_what_has_matured(container: Container, backend: Backend, payment: Payment) -> None:
    early, soon, late = payments = at(payment, 0, 1, 8)
    for one in (early, soon):
        decide_event(container, one)
    assert sorted(open_steps(backend.histories()).values()) == [1, 1]

    decide_event(container, late)  # at noon of day 8, half a day after the first matured and as long before the second

    assert sorted(open_steps(backend.histories()).values()) == [1, 1], "those of day 1 and day 8"
    assert backend.histories() == at_last(container, expected_histories(container, *payments), 8)


def test_what_is_served_is_what_is_replayed(container: Container, backend: Backend, payment: Payment) -> None:
    days = (0, 0.1, 0.2, 0.3, 0.4, 7.4, 7.5, 7.6, 8.5, 9, 12, 15.49, 15.5, 20, 29, 40)
    payments = at(payment, *days)
    payments[4]["amount"] = payments[10]["amount"] = 40 * payment["amount"]
    # Known before they mature, after that, at that moment, and by one that nobody read.
    labels = {0: 5.0, 2: 11.0, 3: 7.5, 4: 13.0, 10: 14.0, 15: 41.0}
    arrivals = sorted([(day, 0, place) for place, day in enumerate(days)] + [(d, 1, p) for p, d in labels.items()])
    answers: dict[int, Decision] = {}
    for day, is_label, place in arrivals:
        if is_label:
            say(container, payments[place], "fraud", day)
        else:
            answers[place] = decide_event(container, payments[place])
    version = container.champion()
    events = read_payments_as_events(version, *payments)
    known_s = {place: seconds(day) for place, day in labels.items()}

    replayed = replay_histories(
        version.history, events, Frauds(np.array(list(known_s)), np.array(list(known_s.values())))
    )

    wanted = decide(version, events, Reads(replayed.reads, replayed.excess))
    assert is_unusual(replayed.excess).sum() == 2
    assert [answers[place].probability for place in range(len(days))] == wanted.probabilities.tolist()
    assert len(set(wanted.probabilities.tolist())) > len(days) // 2, "histories matter"
    expected = expected_histories(container, *payments, known_s=known_s)
    assert at_last(container, backend.histories(), 40) == at_last(container, expected, 40)


def test_writers_that_fold_the_same_step_at_once_fold_it_once(
    container: Container, backend: Backend, payment: Payment
) -> None:
    early = at(payment, 0, 0.1, 0.2)
    late = [{**at(payment, 9)[0], "event_id": f"late-{n}"} for n in range(12)]
    for one in early:
        decide_event(container, one)
    (step,) = open_steps(backend.histories())

    answers = meet(container, [partial(decide_event, container, one) for one in late])

    assert len(answers) == 12
    assert step not in open_steps(backend.histories())
    assert at_last(container, backend.histories()) == at_last(container, expected_histories(container, *early, *late))


def test_a_fold_that_meets_a_fraud_of_its_step_leaves_it_to_a_later_event(
    container: Container, backend: Backend, payment: Payment
) -> None:
    first, second, late, later = payments = at(payment, 0, 0.1, 9, 10)
    for one in (first, second):
        decide_event(container, one)
    come_between(container, lambda: say(container, first, "fraud", 8.9))

    decide_event(container, late)

    known_s = {0: seconds(8.9)}
    assert sorted(open_steps(backend.histories()).values()) == [1, 1], "the second, not folded, and the late one"
    assert at_last(container, backend.histories()) == at_last(
        container, expected_histories(container, *payments[:3], known_s=known_s)
    )
    decide_event(container, later)
    assert sorted(open_steps(backend.histories()).values()) == [1, 1], "the late ones"
    assert at_last(container, backend.histories()) == at_last(
        container, expected_histories(container, *payments, known_s=known_s)
    )


def test_an_event_that_is_decided_elsewhere_meanwhile_is_not_counted_twice_by_a_fold(
    container: Container, backend: Backend, payment: Payment
) -> None:
    first, late = payments = at(payment, 0, 9)
    decide_event(container, first)
    answers: list[Decision] = []
    come_between(container, lambda: answers.append(decide_event(container, late)))

    answers.append(decide_event(container, late))

    assert [answer.repeated for answer in answers] == [False, True]
    assert at_last(container, backend.histories()) == at_last(container, expected_histories(container, *payments))


def test_decisions_and_labels_that_meet_leave_every_sum_right(
    container: Container, backend: Backend, payment: Payment
) -> None:
    early = at(payment, 0, 0.1, 0.2, 1, 1.1, 1.2)
    late = [{**at(payment, 10)[0], "event_id": f"late-{n}"} for n in range(4)]
    for one in early:
        decide_event(container, one)

    decisions = [partial(decide_event, container, one) for one in late]
    labels = [partial(say, container, one, "fraud", 9.5) for one in early[::2]]
    meet(container, [*decisions, *labels])

    known_s = dict.fromkeys((0, 2, 4), seconds(9.5))
    assert at_last(container, backend.histories()) == at_last(
        container, expected_histories(container, *early, *late, known_s=known_s)
    )


@pytest.mark.parametrize("folded_when", ["before the fraud", "between", "never"])
def test_a_correction_restores_the_history_exactly(
    container: Container, backend: Backend, payment: Payment, folded_when: str
) -> None:
    first, late = at(payment, 0, 9)
    decide_event(container, first)
    if folded_when == "before the fraud":
        decide_event(container, late)
    before = backend.histories()
    say(container, first, "fraud", 12)
    if folded_when == "between":
        decide_event(container, late)
        before = expected_histories(container, first, late)
    say(container, first, "legitimate", 13)

    if folded_when == "between":
        assert at_last(container, backend.histories()) == at_last(container, before)
    else:
        assert backend.histories() == before


def test_what_matured_too_long_ago_to_be_read_is_dropped(
    container: Container, backend: Backend, payment: Payment
) -> None:
    # Day 8.1 folds the first two; day 400 finds their sums stored, and the step of day 8 to fold into the same ones.
    with clock.set_to(BEGIN + timedelta(days=400)):
        for one in at(payment, 0, 0.1, 8, 8.1, 400):
            decide_event(container, one)

    (sums,) = (sums for pk, sums in backend.histories().items() if "#merchant#" in pk)
    assert len(open_steps(backend.histories())) == 1
    assert not [name for name in sums if name[:2] == "l0"], "of an hour, a year ago"
    assert [name for name in sums if name[:2] == "l3"], "of 30 days"


def test_a_file_reads_what_matured_and_leaves_the_steps_to_others(
    empty_backend: Backend, recording_version: Path, payment: Payment
) -> None:
    empty_backend.publish(recording_version)
    container = empty_backend.container
    early, late = at(payment, 0, 0.1, 0.2), at(payment, 9, 10)
    for one in early:
        decide_event(container, one)
    key = "inbox/payments/a.csv"

    score_batch(container, key, empty_backend.drop(key, write_payments(late)))

    version = container.champion()
    events = read_payments_as_events(version, *early, *late)
    replayed = replay_histories(version.history, events)
    wanted = decide(version, events, Reads(replayed.reads, replayed.excess)).probabilities.tolist()[3:]
    (results,) = (empty_backend.get(name) for name in empty_backend.keys("results/") if name.endswith(".csv"))
    header, *rows = (line.split(",") for line in results.decode().splitlines())
    assert [float(row[header.index("probability")]) for row in rows] == wanted
    assert at_last(container, empty_backend.histories()) == at_last(
        container, expected_histories(container, *early, *late)
    )
