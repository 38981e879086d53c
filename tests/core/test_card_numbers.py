from __future__ import annotations

import pytest
from tollgate.core.decisions.label_note import holds_card_number, passes_luhn


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "paid with 4111 1111 1111 1111, he says",
        "4111-1111-1111-1111 exp 12/27",
        "Amex 3782 822463 10005",
        "13 digits: 4222222222222",
        "19 digits: 6304000000000000000",
        "on 2026 11 26: 5500.0000.0000.0004",
        "card 4111\u00a01111\u00a01111\u00a01111",
    ],
)
def test_card_numbers_are_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "called the customer at 10:30 on 2026-11-26, she knows the shop",
        "card ends in 1111",
        "4111111111111112",
        "411111111111",
        "order 41111111111111111111111",
        "+49 30 1234567",
        "tracking 1Z999AA10123456784",
    ],
)
def test_other_numbers_are_not(text: str) -> None:
    assert not holds_card_number(text)


def test_one_wrong_digit_fails_the_check() -> None:
    number = "5500000000000004"
    assert passes_luhn(number)
    for place in range(len(number)):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert not passes_luhn(wrong)
