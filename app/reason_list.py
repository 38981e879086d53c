"""The reasons of a decision as a list with bars, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.client import Json

# Impacts run from -5 to 5.
_MOST = 5
SHOWN = 5


def reason_list(reasons: Sequence[Json], besides: str = "") -> str:
    """Return the weightiest reasons; a bar to the right raises the odds of fraud, one to the left lowers them.

    ``besides`` is said after them.
    """
    rest = len(reasons) - SHOWN
    told = [f"{rest} more weigh less."] if rest > 0 else []
    told += [] if reasons else ["No reasons are known for this decision."]
    rows = "".join(_row(reason) for reason in reasons[:SHOWN])
    listed = f'<ul class="tg-reasons">{rows}</ul>' if rows else ""
    said = " ".join([*told, *([besides] if besides else [])])
    return f'{listed}<p class="tg-quiet">{escape(said)}</p>' if said else listed


def _row(reason: Json) -> str:
    impact = max(-_MOST, min(_MOST, int(reason["impact"])))
    width = 50 * abs(impact) / _MOST
    side = "left:50%" if impact >= 0 else f"left:{50 - width:g}%"
    tone = "stop" if impact > 0 else "go"
    spoken = f"Impact {impact:+d} of {_MOST}".replace("-", "−")
    bar = f'<span class="tg-tone-{tone}" style="{side};width:{max(width, 1):g}%"></span>'
    return (
        f'<li><div class="tg-impact" role="img" aria-label="{spoken}">{bar}</div>'
        f"<div>{escape(str(reason['sentence']))}</div></li>"
    )
