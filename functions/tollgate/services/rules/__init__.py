"""Rules: drafts, backtests, and changes of lists."""
