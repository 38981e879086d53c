"""Exact reasons: Shapley values of a model's log-odds, looked up in tables that training made."""
