"""Draws the pictures of docs/architecture.md from the code, and writes its table of folders. `--check` writes nothing.

python scripts/draw_architecture.py [--check]
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.architecture.layer_picture import draw_layers
from scripts.architecture.runs import trace_ways
from scripts.architecture.source import ROOT, find_modules, first_sentence, is_package
from scripts.architecture.trace import pick_stations
from scripts.architecture.way_picture import draw_way

PAGE, IMAGES = ROOT / "docs/architecture.md", ROOT / "docs/images"
# A way has at most so many stations, none more modules away from its first; docs/architecture.md says so, too.
MAX_STATIONS, MAX_DEPTH = 20, 4
_BEGIN, _END = "<!-- folders: written by scripts/draw_architecture.py -->", "<!-- end of folders -->"


def draw_everything() -> Iterator[tuple[Path, str]]:
    """Yield each file that is drawn, and what it is to hold."""
    yield PAGE, _with_folders(PAGE.read_text(encoding="utf-8"))
    yield IMAGES / "layers.svg", draw_layers("Tollgate's programs and layers, and what each imports")
    ways = trace_ways()
    for name, title, traced in (
        ("payment.svg", "One payment's way from the HTTP API to the stored decision", ways.payment),
        ("file.svg", "One file's way from the inbox to results and histories", ways.file),
    ):
        yield IMAGES / name, draw_way(title, pick_stations(traced, MAX_STATIONS, MAX_DEPTH))


def _with_folders(page: str) -> str:
    """Return the page with the table of folders between its marks made anew."""
    table = "\n".join([_BEGIN, "| folder | what is in it |", "|---|---|", *_folder_rows(), _END])
    whole, replaced = re.subn(rf"{_BEGIN}.*?{_END}", lambda _: table, page, flags=re.DOTALL)
    if replaced != 1:
        raise SystemExit(f"{PAGE.name} has to have one pair of marks for the table of folders.")
    return whole


def _folder_rows() -> Iterator[str]:
    packages = {path.parent: name for name, path in find_modules().items() if is_package(name)}
    for path in sorted(packages):
        folder = path.relative_to(ROOT).as_posix()
        yield f"| [`{folder}`](../{folder}) | {first_sentence(packages[path])} |"


def main() -> None:
    """Write what is drawn, or with --check end with status 1 and the names of files that would change."""
    parser = argparse.ArgumentParser(description="Draws the pictures of docs/architecture.md from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 if a file would change")
    check = parser.parse_args().check
    stale = []
    for path, content in draw_everything():
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            stale.append(path.name)
            if not check:
                path.write_text(content, encoding="utf-8")
    print(f"{'To be drawn anew' if check else 'Drawn'}: {', '.join(stale) or 'nothing'}")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
