"""HTML table that a screen reader reads with its headings."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def html_table(label: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of texts; the first cell of each row is its heading."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="tg-scroll" tabindex="0" role="region" aria-label="{escape(label)}">'
        f'<table class="tg-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )
