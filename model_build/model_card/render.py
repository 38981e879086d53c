"""Model card as Markdown, rendered by the template `card.md.j2`, in which every value is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Undefined
from markupsafe import Markup

from model_build.model_card.limits import percent, spell_interval

_SPECIAL = re.compile(r"([\\`*\[\]<>|~$&]|(?<![^\W_])_|_(?![^\W_]))")
# What makes a heading, a list or a rule of a line that begins with it.
_OPENS_A_BLOCK = re.compile(r"^(?:(?=[#+=-])|(\d+)(?=[.)](?:\s|$)))")
_MISSING = "–"


def render_card(card: Mapping[str, Any]) -> str:
    """Return a card that `build_card` made as Markdown; sections of which it holds nothing are left out.

    Text of users, such as names of columns and categories, is escaped: it is shown as it is and formats nothing.
    """
    text = _ENVIRONMENT.get_template("card.md.j2").render(card=card)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _escape(value: object) -> Markup:
    """Return a value on one line in which no character means anything to Markdown; a missing one is a dash."""
    if isinstance(value, Markup):
        return value
    text = _MISSING if value is None or isinstance(value, Undefined) else str(value)
    return Markup(_SPECIAL.sub(r"\\\1", " ".join(text.split())))


def _line_start(value: object) -> Markup:
    """Return a value escaped for the start of a line, where more characters mean something."""
    return Markup(_OPENS_A_BLOCK.sub(lambda found: f"{found[1] or ''}\\", _escape(value)))


def _number(value: object) -> object:
    """Return a number with four digits or whole thousands, several values in a row, and all else as it is."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _percent(share: float | None) -> str | None:
    return None if share is None else percent(share)


def _interval(share: Mapping[str, float] | None) -> str | None:
    return None if share is None else spell_interval(share)


def _utc_minute(time_us: float) -> str:
    return f"{datetime.fromtimestamp(time_us / 1e6, UTC):%Y-%m-%d %H:%M}"


def _make_environment() -> Environment:
    # Autoescape marks what macros return as safe; `finalize` escapes everything else for Markdown, not for HTML.
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=_escape,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "interval": _interval,
        "line_start": _line_start,
        "number": _number,
        "percent": _percent,
        "utc_minute": _utc_minute,
    }
    return environment


_ENVIRONMENT = _make_environment()
