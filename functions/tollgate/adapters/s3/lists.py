"""Store of the lists that replace those sealed in a version: lists/<detector>/<name>.txt, one value per line."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tollgate.adapters.errors import ABSENT, error_code
from tollgate.adapters.s3.objects import bare, get_with_etag, put_if_unchanged
from tollgate.core.rules.lists.text import decode_list, read_stored, write_list
from tollgate.core.rules.scope import ValueKind
from tollgate.core.rules.value_lists import Lists, ValueList
from tollgate.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_log = logging.getLogger(__name__)
_UNCHANGED = frozenset({"304", "NotModified"})
# 100,000 values of 256 characters of usual text.
MAX_BYTES = 32 * 1024 * 1024


@dataclass
class ListStore:
    """Reads lists, each again only when its object has changed."""

    s3: S3Client
    bucket: str
    _held: dict[str, tuple[str, ValueList]] = field(default_factory=dict)

    def current(self, detector: str, sealed: Lists) -> dict[str, ValueList]:
        """Return the lists in the bucket that replace some of the ``sealed`` ones.

        A list that cannot be read as its kind is left as it was, and logged. Raises `UnavailableError` when the bucket
        does not answer.
        """
        found = {name: self._find(_key(detector, name), members.kind) for name, members in sealed.items()}
        return {name: members for name, members in found.items() if members is not None}

    def read(self, detector: str, name: str, kind: ValueKind) -> tuple[ValueList, str] | None:
        """Return the values that the bucket has of a list, and their ETag; None where those sealed hold.

        Raises `InputError` for values that cannot be read as their kind, and `UnavailableError`.
        """
        key = _key(detector, name)
        try:
            members = self._get(key, kind)
        except ValueError as error:
            raise InputError(f"{key} in the bucket {error}; put the list anew with `tollgate lists put`.") from None
        return None if members is None else (members, bare(self._held[key][0]))

    def etag(self, detector: str, name: str) -> str | None:
        """Return the ETag of a list's object, readable or not; None where the values sealed hold."""
        found = get_with_etag(self.s3, self.bucket, _key(detector, name))
        return found and found[1]

    def write(self, detector: str, name: str, members: ValueList, etag: str | None) -> str:
        """Write the values of a list in place of those with this ETag, None for those sealed; return their ETag.

        Raises `ChangedError` if somebody else did, `UnavailableError` when the bucket does not take them.
        """
        content = write_list(members).encode()
        return put_if_unchanged(self.s3, self.bucket, _key(detector, name), content, etag)

    def _find(self, key: str, kind: ValueKind) -> ValueList | None:
        try:
            return self._get(key, kind)
        except ValueError as error:
            _log.error("Keeping the list before %s: it %s", key, error)
            return self._held[key][1] if key in self._held else None

    def _get(self, key: str, kind: ValueKind) -> ValueList | None:
        """Return the values in an object, None where there is none; raise `ValueError` for what cannot be read."""
        held = self._held.get(key)
        condition: dict[str, Any] = {"IfNoneMatch": held[0]} if held else {}
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key, **condition)
            if answer["ContentLength"] > MAX_BYTES:
                raise ValueError(f"is larger than {MAX_BYTES >> 20} MB")
            content = answer["Body"].read()
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
        members = read_stored(kind, decode_list(content))
        self._held[key] = (answer["ETag"], replace(members, changed_s=answer["LastModified"].timestamp()))
        return self._held[key][1]


def _key(detector: str, name: str) -> str:
    return f"lists/{detector}/{name}.txt"
