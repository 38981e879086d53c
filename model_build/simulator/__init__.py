"""Simulated payments with labeled frauds, to try Tollgate with: no real person, merchant or address is in them."""

from model_build.simulator.frauds import FRAUD_KINDS
from model_build.simulator.merchants import CATEGORIES
from model_build.simulator.payments import CHANNELS
from model_build.simulator.write import COLUMNS, write_sample

__all__ = ["CATEGORIES", "CHANNELS", "COLUMNS", "FRAUD_KINDS", "write_sample"]
