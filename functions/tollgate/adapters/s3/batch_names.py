"""Names of a batch's objects in the bucket: its file, its results and its checkpoints."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

_ANNOUNCED = re.compile(r"b-[0-9a-f]{20}")
_SUFFIX = re.compile(r"\.(csv|jsonl|ndjson|parquet)(\.(gz|zst))?$", flags=re.IGNORECASE)
_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})


def is_marker(key: str, size_bytes: int | None = None) -> bool:
    """Return whether an object is a marker that a program leaves beside files, such as _SUCCESS, and no file to score.

    So are folders, hidden files and what is in hidden folders, and empty objects whose name is that of no table.
    """
    *folders, name = key.split("/")[1:]
    if not name or name.startswith(".") or any(folder.startswith((".", "_")) for folder in folders):
        return True
    if _SUFFIX.search(name):
        return False
    return name.startswith("_") or name.endswith("_$folder$") or name.lower() in _LEFT_BY_SYSTEMS or size_bytes == 0


@dataclass(frozen=True)
class BatchFile:
    """A file in the inbox: inbox/<detector>/<batch id>/<name>, inbox/<detector>/<name> or inbox/<name>.

    A file of labels has a key like the latter two, with labels/ in place of inbox/.

    ``batch_id`` is the one announced in the key, or else follows from key and content, so that a repeated notice is the
    same batch and a new file of the same name is another.
    """

    key: str
    detector: str
    batch_id: str
    filename: str

    @classmethod
    def of(cls, key: str, etag: str, default_detector: str) -> BatchFile:
        """Read a key and the ETag of its content."""
        parts = key.split("/")[1:]
        detector = parts[0] if len(parts) > 1 else default_detector
        digest = hashlib.sha256(f"{key}\n{etag.strip(chr(34))}".encode()).hexdigest()[:20]
        batch_id = parts[1] if len(parts) > 2 and _ANNOUNCED.fullmatch(parts[1]) else f"b-{digest}"
        return cls(key, detector, batch_id, parts[-1])

    @classmethod
    def announce(cls, detector: str, filename: str) -> BatchFile:
        """Return a new place in the inbox for a file to be uploaded."""
        batch_id = f"b-{secrets.token_hex(10)}"
        return cls(f"inbox/{detector}/{batch_id}/{filename}", detector, batch_id, filename)

    def results_key(self, mark: str, suffix: str = "csv") -> str:
        """Return where results go; ``mark`` tells those of one run from those of another."""
        return f"results/{self.batch_id}/{_SUFFIX.sub('', self.filename)}.{mark}.{suffix}"

    def part_key(self, number: int) -> str:
        """Return the key of the results of one batch of a file's labels."""
        return f"results/{self.batch_id}/parts/{number:05d}.json"

    def work_key(self, checkpoint: str, name: str) -> str:
        """Return where one part of a checkpoint is kept."""
        return f"{self.work_folder}{checkpoint}/{name}"

    @property
    def work_folder(self) -> str:
        """Where the checkpoints are kept."""
        return f"work/{self.batch_id}/"

    @property
    def summary_key(self) -> str:
        """Where the summary goes."""
        return f"results/{self.batch_id}/summary.json"

    @property
    def rejected_key(self) -> str:
        """Where the reason goes when a file cannot be used at all, or was given up."""
        return f"rejected/{self.batch_id}/reason.json"
