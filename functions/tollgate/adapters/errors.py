"""Translation of boto3's errors into Tollgate's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from tollgate.errors import UnavailableError

# Codes of an object that is not there; that there is no such bucket is another matter.
ABSENT = frozenset({"NoSuchKey", "404"})


def error_code(error: ClientError) -> str:
    """Return the code of an AWS error, such as NoSuchKey."""
    return str(error.response.get("Error", {}).get("Code", ""))


def code_behind(error: UnavailableError) -> str | None:
    """Return the code that AWS refused with, where `translated` made this error of it; None if it did not answer."""
    cause = error.__cause__
    return error_code(cause) if isinstance(cause, ClientError) else None


@contextmanager
def translated(service: str = "DynamoDB") -> Iterator[None]:
    """Turn what boto3 raises into `UnavailableError`, apart from what the caller wants to see itself."""
    try:
        yield
    except ClientError as error:
        raise UnavailableError(f"{service} answered {error_code(error)}; try again.") from error
    except BotoCoreError as error:
        raise UnavailableError(f"{service} did not answer ({type(error).__name__}); try again.") from error
