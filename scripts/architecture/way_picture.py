"""Picture of a way through the code: modules in the order in which they are entered, each in the lane of its layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scripts.architecture import svg
from scripts.architecture.source import SERVING, first_sentence, order_layers, part_of
from scripts.architecture.trace import Station

_WIDTH, _LEFT, _LANE, _TOP = 1000, 50, 74, 62
_TEXT = 320
_LINE, _GAP, _RADIUS = 17, 15, 11


@dataclass(frozen=True)
class _Row:
    """A station as it is drawn: where its dot is, and the lines beside it."""

    station: Station
    x: float
    y: float
    sentence: list[str]
    inside: list[str]


def draw_way(title: str, stations: Sequence[Station]) -> str:
    """Return the drawing of a way."""
    layers = order_layers()
    rows = list(_lay_out(stations, layers))
    bottom = rows[-1].y + _height(rows[-1])
    parts = [*_lanes(layers, bottom), *_line(rows)]
    for number, row in enumerate(rows, 1):
        parts += _draw_row(row, number, layers)
    return svg.document(_WIDTH, round(bottom + 8), title, parts)


def _lay_out(stations: Sequence[Station], layers: Sequence[str]) -> Iterator[_Row]:
    y = float(_TOP)
    for station in stations:
        width = _WIDTH - _TEXT - 20
        inside = svg.wrap(_name_inside(station), width, 12) if station.inside else []
        lane = layers.index(part_of(station.module))
        row = _Row(station, _LEFT + lane * _LANE, y, svg.wrap(first_sentence(station.module), width), inside)
        yield row
        y += _height(row)


def _name_inside(station: Station) -> str:
    """Return the modules inside a station; those that lie in its own folder, by their names alone."""
    folder = station.module.rpartition(".")[0]
    return "with " + ", ".join(_short(module.removeprefix(f"{folder}.")) for module in station.inside)


def _height(row: _Row) -> float:
    return _LINE * (1 + len(row.sentence) + len(row.inside)) + _GAP


def _lanes(layers: Sequence[str], bottom: float) -> Iterator[str]:
    for number, layer in enumerate(layers):
        x = _LEFT + number * _LANE
        yield svg.text(x, 28, _short(layer), "bold middle", f"layer{number}")
        yield (
            f'<path d="M{x} 38V{bottom:g}" stroke="var(--layer{number})" stroke-opacity="0.25" stroke-width="2" '
            'stroke-dasharray="2 4"/>'
        )


def _line(rows: Sequence[_Row]) -> Iterator[str]:
    """Yield the line from dot to dot."""
    path = f"M{rows[0].x:g} {rows[0].y:g}"
    for before, row in pairwise(rows):
        bend = (row.y - before.y) / 2
        path += f"C{before.x:g} {before.y + bend:g} {row.x:g} {row.y - bend:g} {row.x:g} {row.y:g}"
    yield f'<path d="{path}" fill="none" stroke="var(--path)" stroke-width="3"/>'


def _draw_row(row: _Row, number: int, layers: Sequence[str]) -> Iterator[str]:
    color = f"layer{layers.index(part_of(row.station.module))}"
    yield (
        f'<path d="M{row.x:g} {row.y:g}H{_TEXT - 8}" stroke="var(--{color})" stroke-opacity="0.35" stroke-width="1"/>'
    )
    yield f'<circle cx="{row.x:g}" cy="{row.y:g}" r="{_RADIUS}" fill="var(--{color})"/>'
    yield svg.text(row.x, row.y + 4, str(number), "tag bold middle", "white")
    name = _short(row.station.module)
    yield svg.text(_TEXT, row.y + 4, name, "mono", color)
    x = _TEXT + svg.width_of(name, mono=True) + 10
    for operation in row.station.operations:
        drawn, width = svg.tag(x, row.y + 4, operation, "plain")
        yield drawn
        x += width + 6
    yield from svg.lines_of(_TEXT, row.y + 4 + _LINE, row.sentence, _LINE)
    yield from svg.lines_of(_TEXT, row.y + 4 + _LINE * (1 + len(row.sentence)), row.inside, _LINE, "quiet")


def _short(module: str) -> str:
    """Return a module without `tollgate` and its layer, which its lane shows."""
    if not module.startswith(f"{SERVING}."):
        return module
    return module.removeprefix(f"{SERVING}.").removeprefix(f"{part_of(module).rpartition('.')[2]}.")
