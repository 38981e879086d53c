"""SVG by hand: boxes, lines and wrapped text on a card that is readable on a light and on a dark page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from html import escape

# Name of a color → on a light card, on a dark one.
_COLORS = {
    "card": ("#ffffff", "#0d1117"),
    "edge": ("#d0d7de", "#30363d"),
    "text": ("#1f2328", "#e6edf3"),
    "quiet": ("#59636e", "#9198a1"),
    "path": ("#818b98", "#656c76"),
    "white": ("#ffffff", "#0d1117"),
    "plain": ("#59636e", "#9198a1"),
    "layer0": ("#8250df", "#b083f0"),
    "layer1": ("#0969da", "#539bf5"),
    "layer2": ("#9a6700", "#d29922"),
    "layer3": ("#1a7f37", "#57ab5a"),
}
_FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif"
_MONO = "ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace"
# How wide a character is at most in the fonts above, on average, as a share of the font's size.
_WIDTH, _MONO_WIDTH = 0.55, 0.62


def document(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    """Return a whole drawing."""
    style = [
        f":root {{ {_variables(0)} }}",
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(1)} }} }}",
        f"text {{ font: 13px {_FONT}; fill: var(--text) }}",
        f".mono {{ font: 600 13px {_MONO} }}",
        ".bold { font-weight: 600 }",
        ".quiet { fill: var(--quiet); font-size: 12px }",
        ".tag { font-size: 11px }",
        ".middle { text-anchor: middle }",
    ]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
        "<style>",
        *style,
        "</style>",
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" fill="var(--card)" '
        'stroke="var(--edge)"/>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _variables(scheme: int) -> str:
    return "; ".join(f"--{name}: {shades[scheme]}" for name, shades in _COLORS.items())


def box(x: float, y: float, width: float, height: float, color: str, *, tint: float = 0.08, radius: float = 6) -> str:
    """Return a rectangle with an edge of a color and a tint of it inside."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" '
        f'fill="var(--{color})" fill-opacity="{tint:g}" stroke="var(--{color})" stroke-opacity="0.6"/>'
    )


def text(x: float, y: float, content: str, classes: str = "", color: str = "") -> str:
    """Return one line of text."""
    named = f' class="{classes}"' if classes else ""
    style = f' style="fill: var(--{color})"' if color else ""
    return f'<text x="{x:g}" y="{y:g}"{named}{style}>{escape(content)}</text>'


def lines_of(x: float, y: float, lines: Sequence[str], step: float, classes: str = "") -> list[str]:
    """Return lines of text below each other."""
    return [text(x, y + step * number, line, classes) for number, line in enumerate(lines)]


def wrap(content: str, width: float, size: float = 13) -> list[str]:
    """Break text into lines of at most ``width``."""
    return textwrap.wrap(content, int(width / (size * _WIDTH)), break_long_words=False)


def width_of(content: str, size: float = 13, *, mono: bool = False) -> float:
    """Return about how wide a line of text is at most."""
    return round(len(content) * size * (_MONO_WIDTH if mono else _WIDTH), 1)


def tag(x: float, y: float, content: str, color: str) -> tuple[str, float]:
    """Return a label with a rounded edge whose text stands at ``y``, and how wide it is."""
    width = round(len(content) * 11 * _MONO_WIDTH) + 12
    inner = text(x + width / 2, y, content, "tag middle")
    return box(x, y - 12, width, 17, color, tint=0.12, radius=8.5) + inner, width


def arrow(x: float, top: float, bottom: float, color: str, thickness: float) -> str:
    """Return an arrow that points down from ``top`` to ``bottom``, with a channel through what it passes over."""
    head = 5 + thickness
    shaft = f'd="M{x:g} {top:g}V{bottom - head:g}" fill="none"'
    return (
        f'<path {shaft} stroke="var(--card)" stroke-width="{thickness + 8:g}"/>'
        f'<path {shaft} stroke="var(--{color})" stroke-width="{thickness:g}"/>'
        f'<path d="M{x - head * 0.7:g} {bottom - head:g}H{x + head * 0.7:g}L{x:g} {bottom:g}Z" fill="var(--{color})"/>'
    )
