"""Expression input: a field that reports its text while the reader types, and shows errors in it."""

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
    """Show the field; ``on_change`` gets the text when the reader pauses and when she leaves the field.

    ``text`` is the initial text. ``names`` are suggested while the reader types. ``findings`` come from the API;
    their "line" and "column" place the cursor.
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
    """Register the component once: registering it again would replace it while somebody uses it."""
    return st.components.v2.component(
        "tollgate_expression",
        html=(_ASSETS / "expression.html").read_text(encoding="utf-8"),
        css=(_ASSETS / "expression.css").read_text(encoding="utf-8"),
        js=(_ASSETS / "expression.js").read_text(encoding="utf-8"),
    )
