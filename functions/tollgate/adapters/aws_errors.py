"""What AWS says when it does not do what was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

# Codes of an object that is not there.
ABSENT = frozenset({"NoSuchKey", "404", "NoSuchBucket"})


def error_code(error: ClientError) -> str:
    """Return the code of an AWS error, such as NoSuchKey."""
    return str(error.response.get("Error", {}).get("Code", ""))
