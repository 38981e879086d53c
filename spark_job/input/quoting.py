"""Names of columns as Spark's SQL takes them, whatever they hold."""


def quoted(name: str) -> str:
    """Return a name in quotes."""
    return f"`{name.replace('`', '``')}`"
