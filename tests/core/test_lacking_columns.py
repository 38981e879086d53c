"""A table without declared columns: what is wrong with its header, and what to do."""

from __future__ import annotations

import pytest
from tollgate.core.events.event_type import EventType, LabelRule
from tollgate.core.events.reader import require_columns
from tollgate.errors import TableError

TYPE = EventType(
    "payment",
    "id",
    "when",
    amount="amount",
    label=LabelRule("fraud", 0.0),
    entities={"card": ("card",), "shop": ("shop",)},
)
HEADER = ("id", "when", "amount", "card", "shop", "fraud")
TITLE = (
    'The table has none of the declared columns "id", "when", "amount", "card", "shop"; it has "Payments 2026": in CSV '
    "the first line has to be the header, so delete what stands above it, or add one."
)


def refusal(*present: str, more: tuple[str, ...] = ()) -> str:
    with pytest.raises(TableError) as error:
        require_columns(TYPE, present, more=more)
    return str(error.value)


@pytest.mark.parametrize(
    ("delimiter", "named", "written"),
    [(":", '":"', ":"), (";", '";"', ";"), ("\t", "a tab", "\\t"), ("|", '"|"', "|"), ("^", '"^"', "^")],
)
def test_a_header_that_is_one_cell_names_what_divides_it(delimiter: str, named: str, written: str) -> None:
    said = refusal(delimiter.join(HEADER))
    assert said.startswith("The header is cut in the wrong places: it has ")
    assert said.endswith(
        f'the cells seem to be divided by {named}; declare delimiter = "{written}" in [files] of the detector file.'
    )


def test_a_header_that_is_cut_by_a_comma_within_a_name_is_one_too() -> None:
    assert 'divided by ":"' in refusal("id:when:amount:card:shop:note", "or remark:fraud")


@pytest.mark.parametrize("present", [("Payments 2026",), ("Payments 2026", "", "", "", "", "")])
def test_a_title_above_the_header_is_told_of(present: tuple[str, ...]) -> None:
    assert refusal(*present) == TITLE


def test_a_header_in_another_case_is_recognized_without_a_word_on_ids() -> None:
    assert refusal("ID", "When", "amount", "card", "shop", "fraud") == (
        'The table lacks the declared columns "id" (did you mean "ID"?), "when" (did you mean "When"?); it has "ID", '
        '"When", "amount", "card", "shop", "fraud".'
    )


def test_only_a_table_that_lacks_nothing_but_ids_hears_of_ids() -> None:
    assert "leave id out of [event]" in refusal("when", "amount", "card", "shop")
    assert "leave id out" not in refusal("when", "amount", "card")


def test_one_column_is_one_column() -> None:
    assert refusal(*HEADER[:-1], more=("fraud",)).startswith('The table lacks the declared column "fraud"; it has "id"')
    # A name that contains another is no header in one cell.
    assert "lacks the declared columns" in refusal("id", "when", "card:shop")


def test_columns_without_a_name_are_counted() -> None:
    assert refusal(*HEADER, "", "") == "The table has 2 columns without a name in its header; name or remove them."


def test_a_header_is_not_repeated_whole() -> None:
    assert len(refusal(";".join(f"column_{number}" for number in range(4000)))) < 300
