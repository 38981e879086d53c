"""What can be moved of a payment, and the values that are tried."""

from __future__ import annotations

import pytest

from app.api.detector import read_detector
from app.views.score.what_if_axes import axes_of
from tests.app.contract_shapes import detector_document, event

DETECTOR = read_detector(detector_document())
MOST_VARIANTS = 100


@pytest.mark.parametrize("amount", [0.0, 0.01, 64.2, -20.0, 1_849.0, 3e8, None])
def test_every_move_fits_one_question_and_has_the_payment_on_it(amount: float | None) -> None:
    sent = {**event(12.0, express=True), "amount": amount}
    axes = axes_of(DETECTOR, sent)
    assert [axis.title for axis in axes][:3] == ["Amount", "Time of day", "Place"]
    for axis in axes:
        assert 1 < len(axis.points) <= MOST_VARIANTS
        assert len({point.label for point in axis.points}) == len(axis.points)
        if axis.here is not None:
            (here,) = [point for point in axis.points if point.place == axis.here]
            assert {**sent, **here.changes} == sent


def test_what_the_payment_lacks_cannot_be_moved() -> None:
    titles = [axis.title for axis in axes_of(DETECTOR, {"event_id": "e", "timestamp": "1780000000"})]
    assert "Time of day" not in titles
    assert "Place" not in titles
    assert "Who" not in titles


def test_hours_stay_on_the_day_in_utc() -> None:
    (hours,) = [
        axis for axis in axes_of(DETECTOR, event(1.0, timestamp="2026-06-14T23:30:00-03:00")) if axis.scale == "linear"
    ]
    days = {str(point.changes["timestamp"])[:10] for point in hours.points}
    assert days == {"2026-06-15"}
    assert hours.here == 2.5


def test_distances_are_kilometres() -> None:
    (place,) = [axis for axis in axes_of(DETECTOR, event(1.0)) if axis.title == "Place"]
    away = {point.place: 48.1372 - float(point.changes["latitude"]) for point in place.points}
    assert away[1_000] == pytest.approx(1_000 / 111.195, abs=1e-3)
    assert min(float(point.changes["latitude"]) for point in place.points) >= -90
