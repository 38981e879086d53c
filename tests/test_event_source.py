"""What stands for Lambda between a stream and a function: nothing is lost, nothing is committed before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localstack.event_source import EventSourceMapping, Invocation, Payload, SourceRecord


class Log:
    """A source of a lot that is given; it notes what is committed."""

    def __init__(self) -> None:
        self.committed: dict[str, int] = {}

    def read(self) -> Sequence[SourceRecord]:
        return []

    def write_payload(self, lot: Sequence[SourceRecord]) -> Payload:
        return {"lot": list(lot)}

    def describe(self, lot: Sequence[SourceRecord]) -> Payload:
        return {"given_up": list(lot)}

    def commit(self, done: Sequence[SourceRecord]) -> None:
        for sent in done:
            assert sent.number == self.committed.get(sent.partition, -1) + 1, "committed in order, each once"
            self.committed[sent.partition] = sent.number


def write_lot(partitions: Sequence[str]) -> list[SourceRecord]:
    count: dict[str, int] = {}
    lot = []
    for partition in partitions:
        number = count[partition] = count.get(partition, -1) + 1
        lot.append(SourceRecord(partition, number, {"partition": partition, "offset": number}, {}))
    return lot


def give_back(*sent: SourceRecord) -> Invocation:
    return Invocation("r", {"batchItemFailures": [{"itemIdentifier": one.identifier} for one in sent]})


def give_nothing_up(_letter: Payload) -> None:
    pytest.fail("nothing is to be given up here")


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=12), st.data(), st.booleans())
def test_every_record_is_done_or_given_up_in_order(partitions: list[str], data: st.DataObject, bisect: bool) -> None:
    source, lot = Log(), write_lot(partitions)
    done: list[SourceRecord] = []
    given_up: list[SourceRecord] = []

    def invoke(payload: Payload) -> Invocation:
        records: list[SourceRecord] = payload["lot"]
        if data.draw(st.booleans()):
            return Invocation("r", None, "Unhandled")
        failed = [sent for sent in records if data.draw(st.booleans())]
        done.extend(sent for sent in records if sent not in failed)
        return give_back(*failed)

    def keep(letter: Payload) -> None:
        given_up.extend(letter["given_up"])

    EventSourceMapping("arn:f:live", invoke, keep, 2, bisect, 0).deliver(source, lot)
    assert source.committed == {partition: partitions.count(partition) - 1 for partition in partitions}
    assert all(sent in done or sent in given_up for sent in lot)


@pytest.mark.parametrize("content", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_what_lambda_takes_for_success(content: object) -> None:
    source, lot = Log(), write_lot("aab")
    EventSourceMapping("arn:f:live", lambda _: Invocation("r", content), give_nothing_up).deliver(source, lot)
    assert source.committed == {"a": 1, "b": 0}


@pytest.mark.parametrize(
    "identifier", ["", None, "a-0", {"partition": "c", "offset": 0}, {"partition": "a", "offset": 7}, {"offset": 0}]
)
def test_an_identifier_that_was_not_sent_fails_the_whole_lot(identifier: Any) -> None:  # noqa: ANN401
    source, lot = Log(), write_lot("aab")
    answers = iter([Invocation("r", {"batchItemFailures": [{"itemIdentifier": identifier}]}), Invocation("r", None)])
    sent: list[int] = []

    def invoke(payload: Payload) -> Invocation:
        sent.append(len(payload["lot"]))
        assert source.committed == {}
        return next(answers)

    EventSourceMapping("arn:f:live", invoke, give_nothing_up, pause_s=0).deliver(source, lot)
    assert sent == [3, 3]


def test_partitions_fail_apart() -> None:
    source, lot = Log(), write_lot("aabab")
    sent: list[list[object]] = []

    def invoke(payload: Payload) -> Invocation:
        sent.append([(one.partition, one.number) for one in payload["lot"]])
        return give_back(lot[1]) if len(sent) == 1 else give_back()

    EventSourceMapping("arn:f:live", invoke, give_nothing_up, pause_s=0).deliver(source, lot)
    assert sent[1:] == [[("a", 1), ("a", 2)]]
