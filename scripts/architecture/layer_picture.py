"""Picture of what imports what: programs in a row, the layers below them, and arrows for the imports that there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log2

from scripts.architecture import svg
from scripts.architecture.source import (
    SERVING,
    about,
    count_arrows,
    count_modules,
    find_modules,
    first_sentence,
    is_package,
    order_layers,
    part_of,
)

_WIDTH, _EDGE, _LINE, _PAD = 1000, 20, 16, 12
_TOP, _GAP = 62, 46
# Left of it are the texts of layers, right of it are arrows.
_ARROWS, _STEP = 300, 42


@dataclass(frozen=True)
class _Box:
    """A part as it is drawn: a program in the row at the top, or a layer over the whole width."""

    part: str
    x: float
    y: float
    width: float
    height: float
    color: str
    lines: Sequence[str]

    @property
    def bottom(self) -> float:
        return self.y + self.height


def draw_layers(title: str) -> str:
    """Return the drawing of programs and layers."""
    layers, arrows = order_layers(), count_arrows()
    imported = {other for part, other in arrows if part in layers}
    bands = [layer for layer in layers if layer in imported]
    own = [(upper, lower) for upper in bands for lower in bands if (upper, lower) in arrows]
    colors = {layer: f"layer{number}" for number, layer in enumerate(layers)}
    boxes = list(_programs(bands, colors, _ARROWS + _STEP * len(own)))
    y = boxes[-1].bottom
    for band in bands:
        boxes.append(_band(band, y + _GAP, colors[band]))
        y = boxes[-1].bottom
    parts = [line for box in boxes for line in _draw_box(box)]
    parts += _draw_arrows({box.part: box for box in boxes}, bands, own)
    shared = [name for name in find_modules() if part_of(name) == name and _is_ours(name) and not is_package(name)]
    height = round(y + _GAP + _LINE * (len(shared) + 1.5) + _PAD)
    return svg.document(_WIDTH, height, title, [*parts, *_notes(shared, y + _GAP)])


def _programs(bands: Sequence[str], colors: Mapping[str, str], left: float) -> Iterator[_Box]:
    """Yield the row of programs: first those without arrows, above the texts of the layers."""
    arrows = count_arrows()
    entries = [layer for layer in order_layers() if layer not in bands]
    others = sorted({part_of(name) for name in find_modules()} - {name for name in find_modules() if _is_ours(name)})
    alone = [part for part in others if not any(other in bands for source, other in arrows if source == part)]
    row = [*entries, *(part for part in others if part not in alone)]
    wide = (_ARROWS - 2 * _EDGE + _PAD) / max(len(alone), 1)
    places = {part: (_EDGE + number * wide, wide - _PAD) for number, part in enumerate(alone)}
    width = (_WIDTH - _EDGE - left + _PAD) / len(row) - _PAD
    places |= {part: (left + number * (width + _PAD), width) for number, part in enumerate(row)}
    texts = {part: _describe(part, wide) for part, (_, wide) in places.items()}
    height = _PAD * 2 + _LINE * (1 + max(map(len, texts.values())))
    for part, (x, wide) in places.items():
        yield _Box(part, x, _TOP, wide, height, colors.get(part, "plain"), texts[part])


def _is_ours(name: str) -> bool:
    return name == SERVING or name.startswith(f"{SERVING}.")


def _describe(part: str, width: float) -> list[str]:
    return [f"{about(count_modules(part))} modules", *svg.wrap(first_sentence(part), width - 2 * _PAD, 12)]


def _band(part: str, y: float, color: str) -> _Box:
    lines = _describe(part, _ARROWS - 2 * _EDGE)
    folders = [name for name in find_modules() if is_package(name) and name.rpartition(".")[0] == part]
    if folders:
        within = ", ".join(name.rpartition(".")[2] for name in folders)
        lines += svg.wrap(f"Folders: {within}", _ARROWS - 2 * _EDGE - 2 * _PAD, 12)
    return _Box(part, _EDGE, y, _WIDTH - 2 * _EDGE, _PAD * 2 + _LINE * (1 + len(lines)), color, lines)


def _draw_box(box: _Box) -> Iterator[str]:
    yield svg.box(box.x, box.y, box.width, box.height, box.color)
    x, y = box.x + _PAD, box.y + _PAD + 11
    yield svg.text(x, y, box.part.rpartition(".")[2], "mono", box.color)
    yield from svg.lines_of(x, y + _LINE, box.lines, _LINE, "quiet")


def _draw_arrows(boxes: Mapping[str, _Box], bands: Sequence[str], own: Sequence[tuple[str, str]]) -> Iterator[str]:
    arrows = count_arrows()
    for number, (upper, lower) in enumerate(own):
        yield from _draw_arrow(boxes, upper, lower, _ARROWS + _STEP * number)
    for box in boxes.values():
        below = [band for band in bands if box.part not in bands and (box.part, band) in arrows]
        for number, band in enumerate(below, 1):
            yield from _draw_arrow(boxes, box.part, band, box.x + box.width * number / (len(below) + 1))
    for (part, other), count in sorted(arrows.items()):
        if not {part, other} & set(bands) and {part, other} <= boxes.keys():
            yield from _draw_arc(boxes[part], boxes[other], about(count))


def _draw_arrow(boxes: Mapping[str, _Box], part: str, other: str, x: float) -> Iterator[str]:
    count, top = about(count_arrows()[part, other]), boxes[part].bottom
    yield svg.arrow(x, top, boxes[other].y, boxes[other].color, round(1 + log2(1 + count) * 0.6, 1))
    yield svg.text(x + 8, top + 17, str(count), "tag bold", boxes[other].color)


def _draw_arc(box: _Box, other: _Box, count: int) -> Iterator[str]:
    """Yield an arrow from one program to another, above both."""
    start, end, top = box.x + box.width / 2, other.x + other.width / 2, box.y - 24
    yield (
        f'<path d="M{start:g} {box.y:g}C{start:g} {top:g} {end:g} {top:g} {end:g} {box.y - 8:g}" fill="none" '
        f'stroke="var(--{other.color})" stroke-width="2.5"/>'
        f'<path d="M{end - 5:g} {box.y - 8:g}H{end + 5:g}L{end:g} {box.y:g}Z" fill="var(--{other.color})"/>'
    )
    yield svg.text((start + end) / 2, box.y - 24, str(count), "tag bold middle", other.color)


def _notes(shared: Sequence[str], y: float) -> Iterator[str]:
    """Yield lines on the modules at the top of `tollgate`, and on what the numbers are."""
    arrows = count_arrows()
    yield svg.text(_EDGE, y, f"Modules at the top of {SERVING}, and what imports them", "bold")
    for module in shared:
        y += _LINE
        users = sorted({part.rpartition(".")[2] for part, other in arrows if other == module})
        yield svg.text(_EDGE, y, module.rpartition(".")[2], "mono")
        yield svg.text(_EDGE + 120, y, ", ".join(users), "quiet")
    y += _LINE * 1.5
    yield svg.text(_EDGE, y, "Beside an arrow: how often a module imports another. Numbers are rounded.", "quiet")
