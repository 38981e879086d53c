"""Models: the kinds that training compares, their calibration and tuning."""
