from __future__ import annotations

import pytest

from app.ui import formatting
from tests.app.contract_shapes import SCALE


@pytest.mark.parametrize(
    ("score", "sentence"),
    [
        (0, "Every legitimate payment scores this high or higher."),
        (600, "About 10% of legitimate payments score this high or higher."),
        (900, "About 2% of legitimate payments score this high or higher."),
        (925, "About 1.4% of legitimate payments score this high or higher."),
        (975, "About 0.5% of legitimate payments score this high or higher."),
        (1000, "About 0.05% of legitimate payments score this high or higher."),
    ],
)
def test_a_score_is_said_in_false_positives(score: int, sentence: str) -> None:
    assert formatting.score_meaning(score, SCALE, "payment").replace("\u00a0", " ") == sentence


def test_a_score_above_the_scale_has_an_upper_bound() -> None:
    said = formatting.score_meaning(990, [(900, 0.02), (975, 0.005)], "card_payment").replace("\u00a0", " ")
    assert said == "Fewer than 0.5% of legitimate card payments score this high."


def test_without_a_scale_nothing_is_claimed() -> None:
    assert "does not map scores" in formatting.score_meaning(900, [], "payment")


@pytest.mark.parametrize(
    ("amount", "currency", "cents", "text"),
    [
        (1234567.4, "USD", False, "$1,234,567"),
        (1234.5, "EUR", True, "€1,234.50"),
        (-20.0, "GBP", True, "−£20.00"),
        (1500.0, "CHF", False, "CHF 1,500"),
        (12.0, "", False, "12"),
        (None, "USD", False, "–"),
    ],
)
def test_money(amount: float | None, currency: str, cents: bool, text: str) -> None:
    assert formatting.money(amount, currency, cents).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (0.00002, "under 0.01%"),
        (0.0042, "0.42%"),
        (0.02, "2%"),
        (0.075, "7.5%"),
        (0.1, "10%"),
        (1.0, "100%"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert formatting.percent(share).replace("\u00a0", " ") == text


@pytest.mark.parametrize(
    ("name", "text"), [("merchant_id", "Merchant ID"), ("ip", "IP"), ("block", "Block"), ("step_up", "Step up")]
)
def test_names_become_labels(name: str, text: str) -> None:
    assert formatting.title(name) == text


@pytest.mark.parametrize(
    ("contribution", "text"),
    [
        (0.0, "×1.0"),
        (1.1632, "×3.2"),
        (-0.6931, "÷2.0"),
        (3.0, "×20"),
        (-115.0, "÷1,000,000+"),
        (5_000.0, "×1,000,000+"),
    ],
)
def test_factors_on_the_odds_are_read_at_a_glance(contribution: float, text: str) -> None:
    assert formatting.factor(contribution) == text
