"""Publishing of a sealed version: it goes to the bucket and becomes the champion, and its histories are loaded once."""

from __future__ import annotations

import gzip
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError
from tollgate import clock
from tollgate.adapters import clients
from tollgate.adapters.dynamodb.histories import HistoryTable, history_key
from tollgate.adapters.errors import error_code
from tollgate.adapters.s3.versions import VersionStore
from tollgate.core.detectors.sample_events import PAST_EVENTS, check_past_events, has_past_events
from tollgate.core.detectors.version import DetectorVersion, open_version, sha256
from tollgate.core.events.cells import one_key
from tollgate.core.events.reader import require_id
from tollgate.core.history.stored import StoredHistories, add_up
from tollgate.errors import SealError

from model_build.sealing.seal import HISTORIES, read_version_files


def open_folder(folder: Path) -> DetectorVersion:
    """Open a version folder; raise `SealError` unless every byte is what was sealed."""
    if not folder.is_dir():
        raise SealError(f"Version folder {folder} does not exist.")
    files = read_version_files(folder)
    version = open_version(folder.resolve().name, files)
    if has_past_events(version):
        check_past_events(version, files.get(PAST_EVENTS))
    return version


def read_folder_histories(version: DetectorVersion, folder: Path) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Yield entity, key and sums of the histories after the training data, each key once.

    Raises `SealError` if the file is not as sealed.
    """
    path = folder / HISTORIES
    content = path.read_bytes() if path.is_file() else b""
    if sha256(content) != version.manifest["histories"]["sha256"]:
        raise SealError(f"{path} is missing or was changed after sealing; copy the whole folder again, or train again.")
    found: dict[tuple[str, str], dict[str, int]] = {}
    for line in gzip.decompress(content).splitlines():
        entity, key, sums = json.loads(line)
        # Older versions may hold several spellings of what is one key now.
        where = (entity, one_key(key))
        found[where] = add_up(found[where], sums) if where in found else sums
    for (entity, key), sums in found.items():
        yield entity, key, sums


def load_folder_histories(version: DetectorVersion, folder: Path) -> StoredHistories:
    """Return the histories after the training data: entity → key → sums."""
    stored: dict[str, dict[str, Mapping[str, int]]] = {entity: {} for entity in version.history.sums}
    for entity, key, sums in read_folder_histories(version, folder):
        stored[entity][key] = sums
    return stored


@dataclass(frozen=True)
class PublishResult:
    """A published version. ``loaded`` counts its histories, or is None if those of its plan were loaded before."""

    version: DetectorVersion
    loaded: int | None


def publish_version(folder: Path, bucket: str, history_table: str) -> PublishResult:
    """Load the histories of a version folder, if none are kept for its plan yet, then make it the champion.

    An interrupted loading resumes where it stopped. Raises `SealError` for a damaged folder, `InputError` for events
    without an id, `ConflictError` when another version was published meanwhile.
    """
    version = open_folder(folder)
    require_id(version.event_type)
    histories = HistoryTable(clients.dynamodb(), history_table)
    loaded = None
    if _claim_loading(histories, version):
        additions = [
            (history_key(version.history_space, entity, key), sums)
            for entity, key, sums in read_folder_histories(version, folder)
        ]
        expires_s = clock.now_s() + version.history.forgotten_after_s
        deque(histories.add_in_batches(f"{version.history_space}#loaded", additions, expires_s, once=True), maxlen=0)
        loaded = len(additions)
    store = VersionStore(clients.s3(), bucket, refresh_s=0)
    store.publish(version.detector, version.version, read_version_files(folder))
    return PublishResult(version, loaded)


def _claim_loading(histories: HistoryTable, version: DetectorVersion) -> bool:
    """Return whether to load the histories of this version: no others were loaded under the same plan."""
    source = version.manifest["histories"]["sha256"]
    try:
        histories.client.put_item(
            TableName=histories.table,
            Item={"pk": {"S": f"{version.history_space}#loaded"}, "source": {"S": source}},
            ConditionExpression="attribute_not_exists(pk) OR #source = :source",
            ExpressionAttributeNames={"#source": "source"},
            ExpressionAttributeValues={":source": {"S": source}},
        )
    except ClientError as error:
        if error_code(error) == "ConditionalCheckFailedException":
            return False
        raise
    return True
