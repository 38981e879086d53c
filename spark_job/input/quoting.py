"""Quoting of column names for Spark SQL."""


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return f"`{name.replace('`', '``')}`"
