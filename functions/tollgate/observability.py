"""Logs: one JSON object a line, without personal data."""

from __future__ import annotations

import json
import logging
import os
import sys


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
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
