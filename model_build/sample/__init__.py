"""Simulated payments with labelled frauds, to try Tollgate with: no real person, merchant or address is in them."""

from model_build.sample.frauds import FRAUD_KINDS
from model_build.sample.merchants import CATEGORIES
from model_build.sample.payments import CHANNELS
from model_build.sample.tables import COLUMNS
from model_build.sample.writing import write_sample

__all__ = ["CATEGORIES", "CHANNELS", "COLUMNS", "FRAUD_KINDS", "write_sample"]
