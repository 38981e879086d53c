"""The outcome card with and without a score."""

from __future__ import annotations

from app.detector import read_detector
from app.outcome_card import outcome_card
from tests.app.contract_shapes import detector_document


def test_a_score_stands_on_its_scale() -> None:
    card = outcome_card(read_detector(detector_document()), "review", 921)
    assert "<b>921</b>" in card
    assert "tg-scale" in card


def test_without_a_score_none_is_shown() -> None:
    card = outcome_card(read_detector(detector_document()), "review", None)
    assert "no score" in card
    assert "of 1000" not in card
    assert "tg-scale" not in card
