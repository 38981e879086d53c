"""Runtime of a decision: the libraries that compute it, as they may differ in the last bits of a probability."""

from __future__ import annotations

import platform
from functools import cache

import numpy as np
import onnxruntime as ort


@cache
def describe_runtime() -> str:
    """Return the versions of the libraries that compute, and the kind of processor."""
    return f"numpy {np.__version__}, onnxruntime {ort.__version__}, {platform.machine()}"
