"""Notes on keys that are not those of the version: zeros lost, another case, and all new ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tollgate.core.events.event_type import EventType
from tollgate.core.files.history.histories import FileHistories, read_from
from tollgate.core.files.notes.unknown_keys import EntityKeys, describe_unknown_keys
from tollgate.core.history.stored import StoredHistories
from tollgate.core.rules.analysis.spelling import Spelling, respellings

from tests.core.files.scored import texts_of
from tests.core.test_replay import PLAN, table_of

KIND = EventType(
    "payment", "id", "time", entities={"card": ("card_no",), "shop": ("shop",), "both": ("card_no", "shop")}
)
KEPT = [f"{number:06d}" for number in range(100, 400)]


def notes(
    met: Sequence[str], kept: Sequence[str], *, rows: int = 10_000, stored: dict[str, int] | None = None
) -> list[str]:
    """Return what is said of a file with these keys, in chunks of 50, where others are stored."""
    keys = {"card": EntityKeys(), "both": EntityKeys()}
    for start in range(0, len(met), 50):
        new = met[start : start + 50]
        keys["card"].add(new, {key: {} for key in new if key in kept})
        keys["both"].add([f"{key}\x1fm" for key in new], {})
    return list(describe_unknown_keys(KIND, keys, rows, stored, lambda _, asked: [key for key in asked if key in kept]))


@pytest.mark.parametrize(
    ("change", "kept", "example"),
    [
        (lambda key: key.lstrip("0"), KEPT, ("100", "000100")),
        (lambda key: key, [key.lstrip("0") for key in KEPT], ("000100", "100")),
        (lambda key: f"M{key}", [f"m{key}" for key in KEPT], ("M000100", "m000100")),
        (lambda key: f"m{key}", [f"M{key}" for key in KEPT], ("m000100", "M000100")),
        (lambda key: f"{key[:2]} {key[2:]}", KEPT, ("00 0100", "000100")),
        (lambda key: f"{key[:2]}-{key[2:]}", KEPT, ("00-0100", "000100")),
    ],
)
def test_keys_that_are_spelled_otherwise_are_noted(
    change: Callable[[str], str], kept: list[str], example: tuple[str, str]
) -> None:
    said = 'None of the 300 values of "card_no" in this file is known to the version'

    assert notes(list(map(change, KEPT)), kept) == [f'{said}; "{example[0]}" may be "{example[1]}", which is.']


def test_a_few_that_are_known_are_told() -> None:
    said = (
        'Only 2 of the 300 values of "card_no" in this file are known to the version; "102" may be "000102", which is.'
    )

    assert notes([*KEPT[:2], *(key.lstrip("0") for key in KEPT[2:])], KEPT) == [said]


def test_new_keys_are_noted_only_where_the_version_has_others_and_they_come_again() -> None:
    new = [f"n{key}" for key in KEPT]
    said = (
        'None of the 300 values of "card_no" in this file is known to the version: if they are not all new, check that'
    )

    assert notes(new, KEPT, stored={"card": 300}) == [f"{said} they are written as in the training data."]
    assert notes(new, KEPT, stored={"card": 300}, rows=400) == []
    assert notes(new, KEPT, stored={"shop": 300}) == []
    assert notes(new, KEPT) == []
    assert notes(new[:19], KEPT, stored={"card": 300}) == []
    assert notes([*KEPT[:20], *new[20:]], KEPT, stored={"card": 300}) == []


def test_what_a_text_may_have_been_is_the_same_text_spelled_otherwise() -> None:
    for text in ("170", "000170", "M00064", "m 64", "12-34", "0a1", "ß", "-", ""):
        for other in respellings(text):
            assert other != text
            assert Spelling([other]).same(text) == other


def test_what_was_met_is_taken_up_with_the_histories(tmp_path: Path) -> None:
    payments = table_of([(row, key, 1.0, (0.0, 0.0), None) for row, key in enumerate("abcab")])[0]
    stored: StoredHistories = {entity: {"a": {}, "z": {}} for entity in PLAN.sums}
    first = FileHistories(PLAN, tmp_path, read_from(stored))
    first.read(payments, texts_of(first, payments))
    first.save()
    second = FileHistories(PLAN, tmp_path, read_from(stored))
    second.load()

    assert second.keys == first.keys
    assert {its.met for its in first.keys.values()} != {0}
