"""The Today page: how the day goes, beside its baseline."""
