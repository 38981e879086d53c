"""Lists in the bucket that stand in for those sealed in a version: lists/<detector>/<name>.txt, one value a line."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tollgate.adapters.aws_errors import ABSENT, error_code
from tollgate.core.rules.members import Lists, Members, read_members, split_values
from tollgate.core.rules.scope import Kind
from tollgate.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_log = logging.getLogger(__name__)
_UNCHANGED = frozenset({"304", "NotModified"})
# 100,000 values of 256 characters of usual text.
LARGEST_BYTES = 32 * 1024 * 1024


@dataclass
class ListStore:
    """Reads lists, each again only when its object has changed."""

    s3: S3Client
    bucket: str
    _held: dict[str, tuple[str, Members]] = field(default_factory=dict)

    def current(self, detector: str, sealed: Lists) -> dict[str, Members]:
        """Return those of the ``sealed`` lists that the bucket has in their place.

        A list that cannot be read as its kind is left as it was, and logged. Raises `UnavailableError` when the bucket
        does not answer.
        """
        found = {name: self._find(_key(detector, name), members.kind) for name, members in sealed.items()}
        return {name: members for name, members in found.items() if members is not None}

    def put(self, detector: str, name: str, values: Sequence[str]) -> None:
        """Write the values of a list; raise `UnavailableError` when the bucket does not take them."""
        key = _key(detector, name)
        try:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body="\n".join([*values, ""]).encode())
        except (ClientError, BotoCoreError) as error:
            raise UnavailableError(f"The bucket did not take {key}: {error}; try again.") from error

    def _find(self, key: str, kind: Kind) -> Members | None:
        held = self._held.get(key)
        condition: dict[str, Any] = {"IfNoneMatch": held[0]} if held else {}
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key, **condition)
            if answer["ContentLength"] > LARGEST_BYTES:
                raise ValueError(f"is larger than {LARGEST_BYTES >> 20} MB")
            members = replace(
                read_members(kind, split_values(answer["Body"].read().decode("utf-8-sig"))),
                changed_s=answer["LastModified"].timestamp(),
            )
        except ClientError as error:
            code = error_code(error)
            if held and code in _UNCHANGED:
                return held[1]
            if code in ABSENT:
                self._held.pop(key, None)
                return None
            raise UnavailableError(f"The bucket did not give {key}: {code}; try again.") from error
        except BotoCoreError as error:
            raise UnavailableError(f"The bucket did not give {key}: {type(error).__name__}; try again.") from error
        except ValueError as error:  # a text that is not UTF-8, too, is one
            _log.error("Keeping the list before %s: it %s", key, error)
            return held[1] if held else None
        self._held[key] = (answer["ETag"], members)
        return members


def _key(detector: str, name: str) -> str:
    return f"lists/{detector}/{name}.txt"
