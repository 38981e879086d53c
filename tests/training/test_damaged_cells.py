"""IDs and numbers that a spreadsheet damaged, and labels the wrong way round, are noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tollgate.core.rules.lists.text import given_lines, read_list

from tests.training.checked_table import EVENT, N, base, labels_of, notice

CARDS = EVENT + 'amount = "a"\n[entities]\ncard = "card"\n'


def with_cards(cards: list[str], amounts: list[str] | None = None) -> dict[str, Any]:
    return base() | {"a": amounts or [f"{1 + number}.5" for number in range(N)], "card": cards}


def test_ids_that_a_spreadsheet_rounded_are_told(tmp_path: Path) -> None:
    (note,) = notice(tmp_path, with_cards(["4.11111E+15"] * (N - 1) + ["4.22222E+15"]), CARDS)

    assert note.startswith(
        f'Column "card": {N} values such as "4.11111E+15" are numbers that a spreadsheet or a data frame has rounded'
    )


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("4,11111E+15", "are numbers that a spreadsheet or a data frame has rounded"),
        ("4.11111e15", "are numbers that a spreadsheet or a data frame has rounded"),
        ('="0036"', "are formulas of a spreadsheet"),
        ("'0036", "begin with the apostrophe by which a spreadsheet marks text"),
        ("36,0", "have the fraction that spreadsheets and data frames give whole numbers"),
        ("0036.0", "have the fraction that spreadsheets and data frames give whole numbers"),
        ("1,036", "have the commas by which a spreadsheet groups thousands"),
        ("1,036,000", "have the commas by which a spreadsheet groups thousands"),
        ("#REF!", "are errors of a spreadsheet"),
    ],
)
def test_ids_that_lists_refuse_as_damaged_are_told(tmp_path: Path, card: str, said: str) -> None:
    (note,) = notice(tmp_path, with_cards([card if number == 7 else f"c{number}" for number in range(N)]), CARDS)

    assert note.startswith(f'Column "card": 1 values such as "{card}" {said}')
    with pytest.raises(ValueError, match="which "):
        read_list("text", given_lines([card]), None)


def test_versions_and_hexadecimal_ids_are_not_damaged(tmp_path: Path) -> None:
    odd = ["2,0", "2,1", "9E10", "12e45", "v'1", "a=b", "#7", "10,20"]

    assert notice(tmp_path, with_cards([f"c{number}" for number in range(N - len(odd))] + odd), CARDS) == ()


@pytest.mark.parametrize("word", ["NULL", "None", "nan", "\\N", "undefined", "N/A", "unknown", "-"])
def test_words_for_nothing_as_ids_are_told_with_the_key_that_lists_them(tmp_path: Path, word: str) -> None:
    columns = with_cards([word if number % 3 == 0 else f"c{number}" for number in range(N)])

    (note,) = notice(tmp_path, columns, CARDS)

    assert note.startswith(f'Column "card" is "{word}" in {N // 3} of {N} rows')
    listed = note.rpartition("null_values = ")[2].partition(" in [event]")[0]
    declared = CARDS.replace("[entities]", f"null_values = {listed}\n[entities]")
    assert notice(tmp_path, columns, declared) == ()


def test_a_key_of_far_more_rows_than_any_other_is_told(tmp_path: Path) -> None:
    (note,) = notice(tmp_path, with_cards(["0" if number % 4 == 0 else f"c{number}" for number in range(N)]), CARDS)

    assert note.startswith(f'Column "card" is "0" in {N // 4} of {N} rows, far more than any other')


def test_numbers_with_decimals_as_ids_are_told(tmp_path: Path) -> None:
    (note,) = notice(tmp_path, with_cards([f"{number % 60}.0" for number in range(N)]), CARDS)

    assert note.startswith(f'Column "card": {N} of {N} values are whole numbers with decimals, such as "0.0"')


def test_zeros_in_front_that_some_ids_lost_are_told(tmp_path: Path) -> None:
    cards = [f"{number % 60:04d}" if number % 2 else str(number % 7 + 1) for number in range(N)]

    (note,) = notice(tmp_path, with_cards(cards), CARDS)

    assert 'such as "0001" and "1"; they count as different IDs' in note


def test_thousands_that_may_be_decimals_are_asked_about(tmp_path: Path) -> None:
    cards = [f"c{number}" for number in range(N)]
    dotted = [f"{900 + 7 * number:,}".replace(",", ".") for number in range(N)]

    (note,) = notice(tmp_path, with_cards(cards, dotted), CARDS)

    assert "exactly three digits behind it" in note
    declared = CARDS.replace("[entities]", 'decimal = ","\nthousands = "."\n[entities]')
    assert notice(tmp_path, with_cards(cards, dotted), declared) == ()
    for other in ("0.500", "12.5", "1500"):
        assert notice(tmp_path, with_cards(cards, [*dotted[1:], other]), CARDS) == ()


def test_labels_the_wrong_way_round_are_asked_about(tmp_path: Path) -> None:
    swapped = base() | {"y": (1 - labels_of(rate=0.1)).tolist()}

    assert any("are the labels swapped" in note for note in notice(tmp_path, swapped))
