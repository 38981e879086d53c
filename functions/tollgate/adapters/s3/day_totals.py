"""Store of day totals in the bucket, beside the segments that they are of: index/<detector>/sums-2026-11."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tollgate.adapters.s3.conditional import get_with_etag, put_if_unchanged
from tollgate.core.search.day_totals import DaySums, read_day_sums, write_day_sums
from tollgate.core.search.segment_names import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class DaySumStore:
    """One object for each detector and month, such as 2026-11."""

    s3: S3Client
    bucket: str

    def read(self, detector: str, month: str) -> tuple[DaySums, str | None]:
        """Return the sums of a month's days, and the object's ETag; nothing and None where there is none."""
        found = get_with_etag(self.s3, self.bucket, _key(detector, month))
        return (read_day_sums(found[0]), found[1]) if found else ({}, None)

    def write(self, detector: str, month: str, sums: DaySums, etag: str | None) -> None:
        """Write a month's sums in place of those with this ETag, None for the first ones.

        Raises `ChangedError` if somebody else did, `UnavailableError` when the bucket does not take them.
        """
        put_if_unchanged(self.s3, self.bucket, _key(detector, month), write_day_sums(sums), etag)


def _key(detector: str, month: str) -> str:
    return f"{ROOT}/{detector}/sums-{month}"
