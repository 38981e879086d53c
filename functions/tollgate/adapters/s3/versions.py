"""Stores of detector versions in the bucket: the champion's name, the files of each version, and its past events."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tollgate.adapters.errors import ABSENT, error_code, translated
from tollgate.adapters.s3.lists import ListStore
from tollgate.core.decisions.downgrade import Thresholds
from tollgate.core.detectors.sample_events import PAST_EVENTS, PastEvents, has_past_events, open_past_events
from tollgate.core.detectors.version import (
    MANIFEST,
    VERSION_FILES,
    DetectorVersion,
    open_version,
    open_without_model,
    read_manifest,
)
from tollgate.core.events.event_type import EventType
from tollgate.errors import ConflictError, NotFoundError, SealError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_log = logging.getLogger(__name__)
# Some tens of megabytes each: those of the version that decides, and of the one before it.
_MAX_VERSIONS_KEPT = 2


def _folder(detector: str) -> str:
    return f"detectors/{detector}"


@dataclass
class VersionStore:
    """Opens the champion of each detector and keeps it until a newer one has been opened whole.

    ``refresh_s`` is how long a champion is served before the bucket is asked again, for its lists too.
    """

    s3: S3Client
    bucket: str
    refresh_s: float
    _open: dict[str, tuple[float, DetectorVersion]] = field(default_factory=dict)
    _sealed: dict[str, DetectorVersion] = field(default_factory=dict)
    _former: DetectorVersion | None = None  # of those that are not champions, the one that was asked for last
    _event_types: dict[tuple[str, str], EventType] = field(default_factory=dict)
    _thresholds: dict[tuple[str, str], Thresholds] = field(default_factory=dict)
    _lists: ListStore = field(init=False)

    def __post_init__(self) -> None:
        self._lists = ListStore(self.s3, self.bucket)

    def champion(self, detector: str, now_s: float) -> DetectorVersion:
        """Return the version that decides.

        Raises `NotFoundError` for an unknown detector, `SealError` for a damaged version when there is none to keep.
        """
        held = self._open.get(detector)
        if held and now_s - held[0] < self.refresh_s:
            return held[1]
        try:
            name = self._champion_name(detector)
            sealed = self._sealed.get(detector)
            if not sealed or sealed.version != name or not sealed.is_whole:
                sealed = self._open_as_chosen(detector, name, else_keeps=bool(held and held[1].is_whole))
            version = self._with_current_lists(sealed)
            self._sealed[detector] = sealed
        except (SealError, UnavailableError, NotFoundError) as error:
            if not held:
                raise
            _log.error("Keeping version %s of %s: %s", held[1].version, detector, error)
            version = held[1]
        self._open[detector] = (now_s, version)
        return version

    def has_open(self, detector: str) -> bool:
        """Return whether a version of a detector has been opened here."""
        return detector in self._open

    def pinned(self, detector: str, name: str) -> DetectorVersion:
        """Return one version with the lists as they are now, whichever is the champion; raises what `open` raises."""
        for held in (self._sealed.get(detector), self._former):
            if held and (held.detector, held.version) == (detector, name) and held.is_whole:
                return self._with_current_lists(held)
        self._former = self.open(detector, name)
        return self._with_current_lists(self._former)

    def event_type(self, detector: str, name: str) -> EventType:
        """Return the event type of one version, without opening the rest of it.

        Raises `SealError` unless its manifest is there and as sealed.
        """
        place = detector, name
        if place not in self._event_types:
            self._event_types[place] = EventType.from_json(self.manifest(detector, name)["event_type"])
        return self._event_types[place]

    def thresholds(self, detector: str, name: str) -> Thresholds:
        """Return what scores alone give in one version, without opening the rest of it; raises what `event_type` does.

        A version never changes, so each is read once.
        """
        place = detector, name
        if place not in self._thresholds:
            held = self._sealed.get(detector)
            is_held = held is not None and held.version == name
            self._thresholds[place] = (
                Thresholds.of(held) if held and is_held else Thresholds.from_manifest(self.manifest(detector, name))
            )
        return self._thresholds[place]

    def names(self, detector: str) -> list[str]:
        """Return the names of all versions in the bucket, newest day first; raise `UnavailableError`."""
        prefix = f"{_folder(detector)}/"
        with translated("S3"):
            pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="/")
            found = [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", [])]
        return sorted((folder.removeprefix(prefix).rstrip("/") for folder in found), reverse=True)

    def manifest(self, detector: str, name: str) -> dict[str, Any]:
        """Return the manifest of one version; raise `SealError` unless it is there and as sealed."""
        content = self.read_file(detector, name, MANIFEST)
        return read_manifest(name, {} if content is None else {MANIFEST: content})

    def open(self, detector: str, name: str) -> DetectorVersion:
        """Read and open one version; raise `SealError` unless all of it is as sealed."""
        return open_version(name, self.read_files(detector, name))

    def read_files(self, detector: str, name: str) -> dict[str, bytes]:
        """Read the files of one version, by their name."""
        files: dict[str, bytes] = {}
        self._read_into(files, detector, name)
        return files

    def read_file(self, detector: str, name: str, file: str) -> bytes | None:
        """Read one file of a version; None where it is not there."""
        return self._read(f"{_folder(detector)}/{name}/{file}")

    def _read_into(self, files: dict[str, bytes], detector: str, name: str) -> None:
        for file in VERSION_FILES:
            content = self.read_file(detector, name, file)
            if content is not None:
                files[file] = content

    def _open_as_chosen(self, detector: str, name: str, *, else_keeps: bool) -> DetectorVersion:
        """Open a version, without its model where that fails and the detector chose to decide nevertheless.

        With ``else_keeps`` there is a whole version to go on with, which is better than one without a model.
        """
        files: dict[str, bytes] = {}
        try:
            self._read_into(files, detector, name)
            return open_version(name, files)
        except (SealError, UnavailableError) as error:
            if else_keeps or MANIFEST not in files:
                raise
            version = open_without_model(name, files, str(error))
            _log.error("Version %s of %s decides without its model: %s", name, detector, error)
            return version

    def _with_current_lists(self, sealed: DetectorVersion) -> DetectorVersion:
        found = self._lists.current(sealed.detector, sealed.rules.book.lists)
        return replace(sealed, rules=sealed.rules.with_lists(found)) if found else sealed

    def publish(self, detector: str, name: str, files: Mapping[str, bytes]) -> None:
        """Upload a version's files and make it the champion; raise `ConflictError` if another one came in between."""
        for file, content in files.items():
            self.s3.put_object(Bucket=self.bucket, Key=f"{_folder(detector)}/{name}/{file}", Body=content)
        key = f"{_folder(detector)}/deployment.json"
        condition: dict[str, Any] = {"IfNoneMatch": "*"}
        try:
            condition = {"IfMatch": self.s3.head_object(Bucket=self.bucket, Key=key)["ETag"]}
        except ClientError as error:
            if error_code(error) not in ABSENT:
                raise
        body = json.dumps({"champion": name, "challenger": None}).encode()
        try:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **condition)
        except ClientError as error:
            if error_code(error) in ("PreconditionFailed", "ConditionalRequestConflict"):
                raise ConflictError(f"Another version of {detector} was published meanwhile; publish again.") from None
            raise

    def _champion_name(self, detector: str) -> str:
        content = self._read(f"{_folder(detector)}/deployment.json")
        if content is None:
            raise NotFoundError(f'There is no detector "{detector}" here; publish a version of it first.')
        try:
            return str(json.loads(content)["champion"])
        except (ValueError, KeyError, TypeError):
            raise SealError(f"deployment.json of {detector} is damaged; publish a version again.") from None

    def _read(self, key: str) -> bytes | None:
        try:
            return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise UnavailableError(f"The bucket did not give {key}: {error_code(error)}; try again.") from error
        except BotoCoreError as error:
            raise UnavailableError(f"The bucket did not give {key}: {type(error).__name__}; try again.") from error


@dataclass
class PastEventStore:
    """Opens past events of versions when first asked for, and keeps those of the last versions.

    Any number of threads may use it.
    """

    versions: VersionStore
    _kept: OrderedDict[tuple[str, str], PastEvents] = field(default_factory=OrderedDict, repr=False)

    def read(self, version: DetectorVersion) -> PastEvents:
        """Return the past events of a version.

        Raises `NotFoundError` where it was sealed without, `SealError` where they are not what was sealed, and
        `UnavailableError` when the bucket does not answer.
        """
        if not has_past_events(version):
            raise NotFoundError(
                f"Version {version.version} was sealed without past events; train it again, with past_events in "
                "[training] above 0."
            )
        place = version.detector, version.version
        kept = self._kept.get(place)
        if kept is None:
            kept = open_past_events(version, self.versions.read_file(*place, PAST_EVENTS))
            self._kept[place] = kept
            while len(self._kept) > _MAX_VERSIONS_KEPT:
                self._kept.popitem(last=False)
        return kept
