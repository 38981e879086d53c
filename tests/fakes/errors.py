"""Errors as AWS answers with them."""

from __future__ import annotations

from typing import Any


class AwsError(Exception):
    """An error answer: ``code`` and ``status`` as on the wire, and ``more`` of what its body holds."""

    def __init__(self, code: str, message: str, status: int = 400, **more: Any) -> None:  # noqa: ANN401 - JSON
        super().__init__(message)
        self.code, self.status, self.more = code, status, more


def invalid(message: str) -> AwsError:
    """Return the error for a request that DynamoDB does not take."""
    return AwsError("ValidationException", message)
