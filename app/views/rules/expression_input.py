"""A field for a rule's expression that says what is typed while it is typed, and shows what was found wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.api.client import Json

_ASSETS = Path(__file__).resolve().parents[2] / "assets"


def show_expression(
    key: str, text: str, names: Sequence[str], findings: Sequence[Json], on_change: Callable[[str], None]
) -> None:
    """Show the field; ``on_change`` is told the text a moment after the reader paused, and on leaving the field.

    ``text`` is what it begins with. ``names`` are offered while one of them is typed. ``findings`` are those of the
    API, of which "line" and "column" place the cursor.
    """

    def tell() -> None:
        on_change(str(st.session_state[key]["text"]))

    _component()(
        key=key,
        data={"of": key, "text": text, "names": list(names), "findings": list(findings)},
        default={"text": text},
        on_text_change=tell,
    )


@st.cache_resource(show_spinner=False)
def _component() -> Any:  # noqa: ANN401 - Streamlit names no type for what it returns
    """Register the component once: a name that is registered again would be replaced under its readers' hands."""
    return st.components.v2.component(
        "tollgate_expression",
        html=(_ASSETS / "expression.html").read_text(encoding="utf-8"),
        css=(_ASSETS / "expression.css").read_text(encoding="utf-8"),
        js=(_ASSETS / "expression.js").read_text(encoding="utf-8"),
    )
