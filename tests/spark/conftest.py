"""Spark lies in a tool environment of its own; its Python modules are found there."""

import sys
from pathlib import Path

TOOLS = Path(__file__).parents[2] / ".tools" / "spark"

sys.path += [str(path) for path in TOOLS.glob("lib/python*/site-packages")]
