"""Store of a detector's draft of rules: detectors/<id>/draft.json, beside its versions."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tollgate.adapters.s3.objects import get_with_etag, put_if_unchanged
from tollgate.core.rules.rule import Rule
from tollgate.errors import SealError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Draft:
    """Rules that somebody saved and that do not decide yet. ``based_on`` is the version that was live then."""

    rules: tuple[Rule, ...]
    based_on: str
    saved_at: str
    saved_by: str | None


@dataclass(frozen=True)
class DraftStore:
    """One draft for each detector."""

    s3: S3Client
    bucket: str

    def read(self, detector: str) -> tuple[Draft, str] | None:
        """Return the draft and its ETag, None where there is none.

        Raises `SealError` for one that was not written here, `UnavailableError` when the bucket does not answer.
        """
        key = _key(detector)
        found = get_with_etag(self.s3, self.bucket, key)
        if found is None:
            return None
        content, etag = found
        try:
            plain = json.loads(content)
            rules = tuple(Rule(**rule) for rule in plain["rules"])
            draft = Draft(rules, plain["based_on"], plain["saved_at"], plain["saved_by"])
        except (ValueError, TypeError, KeyError):
            raise SealError(f"{key} in the bucket is no draft; delete it, and save the draft again.") from None
        return draft, etag

    def write(self, detector: str, draft: Draft, etag: str | None) -> str:
        """Write a draft in place of the one with this ETag, None for the first one; return its ETag.

        Raises `ChangedError` if somebody else did, `UnavailableError` when the bucket does not take it.
        """
        body = json.dumps(asdict(draft), ensure_ascii=False, indent=1).encode()
        return put_if_unchanged(self.s3, self.bucket, _key(detector), body, etag)


def _key(detector: str) -> str:
    return f"detectors/{detector}/draft.json"
