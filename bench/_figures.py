"""Command line of the benchmarks, and their figures in a JSON file."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help is a benchmark's docstring; every benchmark can write its figures to a file."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this JSON file")
    return parser


def add_count(parser: argparse.ArgumentParser, option: str, default: int, what: str) -> None:
    """Add an option that is a number, such as ``--rows``; ``what`` it counts is its help."""
    parser.add_argument(option, type=int, default=default, metavar="N", help=f"{what} (default: {default:,})")


def write_figures(path: Path | None, figures: Mapping[str, float]) -> None:
    """Write figures, by name, as JSON; without a path, nothing."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"figures": figures}))
