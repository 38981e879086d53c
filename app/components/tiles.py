"""Tiles: a number, its name, a comparison, and a link to the page with the details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from app.ui.links import show_link
from app.ui.page import in_markdown

_IN_A_ROW = 4
Color = Literal["off", "red", "orange", "green"]


@dataclass(frozen=True)
class Tile:
    """One number, a short comparison, its meaning, and a link. ``note`` says how reliable it is."""

    name: str
    value: str
    beside: str
    meaning: str
    page: str
    link: str
    query: dict[str, str] = field(default_factory=dict)
    color: Color = "off"
    note: str = ""


def show_tiles(tiles: Sequence[Tile]) -> None:
    """Show tiles, four in a row."""
    for start in range(0, len(tiles), _IN_A_ROW):
        for cell, tile in zip(st.columns(_IN_A_ROW, gap="small"), tiles[start : start + _IN_A_ROW], strict=False):
            with (
                cell,
                st.container(
                    border=True, gap=None, height="stretch", key=f"tile-{tile.name}".replace(" ", "-").lower()
                ),
            ):
                _show_tile(tile)


def _show_tile(tile: Tile) -> None:
    st.metric(
        in_markdown(tile.name),
        in_markdown(tile.value),
        delta=in_markdown(tile.beside),
        delta_color=tile.color,
        delta_arrow="off",
        help=in_markdown(tile.meaning),
    )
    if tile.note:
        st.caption(in_markdown(tile.note))
    show_link(tile.page, tile.link, tile.query)
