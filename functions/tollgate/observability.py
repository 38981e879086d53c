"""Logs: one JSON object a line, without personal data."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from pathlib import Path

from tollgate.errors import InputError, TollgateError

# Of the places that an error passed, the innermost ones are logged.
_MAX_PLACES = 6


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        return json.dumps(line, ensure_ascii=False)


def set_up_logging() -> None:
    """Log INFO and above of Tollgate as JSON lines to standard error, unless Lambda's own logging writes JSON."""
    log = logging.getLogger("tollgate")
    log.setLevel(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO"))
    if log.handlers or os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        return  # Lambda's runtime writes JSON itself
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    log.addHandler(handler)
    log.propagate = False


def describe_error(error: Exception) -> str:
    """Return what a log may hold of an error: its kind, and the places that it passed, innermost last.

    Its message stays out where it may quote a value of an event: that of an error in what was handed in, and of any
    that is not Tollgate's own.
    """
    if isinstance(error, TollgateError) and not isinstance(error, InputError):
        return f"{error.code}: {error}"
    kind = error.code if isinstance(error, TollgateError) else type(error).__name__
    passed = traceback.extract_tb(error.__traceback__)[-_MAX_PLACES:]
    return f"{kind} at {' > '.join(f'{Path(frame.filename).name}:{frame.lineno}' for frame in passed)}"
