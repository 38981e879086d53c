"""Storage for tests: each test gets its own bucket and tables in the embedded emulator, and a published version.

moto is not used here: under threads its transactions are neither atomic nor isolated (measured: 19 of 50 callers of one
event each made "the first" decision), and a thousand of them over some thousand histories take minutes.

The fixtures are in `backend_fixture.py`.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tollgate.adapters import clients
from tollgate.adapters.dynamodb.decisions import DecisionRecord, read_found
from tollgate.core.decisions.decision import StoredLabel
from tollgate.core.detectors.version import EVALUATION, MODEL
from tollgate.core.events.event import parent_key
from tollgate.core.history.item_packing import unpack_pair
from tollgate.core.history.latest_addition import latest_names, without_latest
from tollgate.core.history.stored import add_up
from tollgate.core.history.stored_names import PACKED
from tollgate.services.container import Container, open_container
from tollgate.services.decisions.find import find_decision
from tollgate.settings import read_settings

from model_build.deployment.publish import open_folder
from model_build.sealing.seal import HISTORIES, read_version_files, seal_version

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Payment = dict[str, Any]
# Publishes a version with a [safety] section and other changes to its manifest; returns its folder.
Publish = Callable[..., Path]
DETECTOR = "payments"
_NUMBERS = ("amount", "latitude", "longitude")


@dataclass(frozen=True)
class Backend:
    """A deployment's bucket and tables, and the environment that names them."""

    environment: Mapping[str, str]

    @property
    def bucket(self) -> str:
        return self.environment["TOLLGATE_BUCKET"]

    @cached_property
    def s3(self) -> S3Client:
        return clients.s3()

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return clients.dynamodb()

    @property
    def container(self) -> Container:
        return open_container()

    def publish(self, folder: Path, detector: str = DETECTOR) -> None:
        """Upload a version without its histories and make it the champion."""
        self.container.versions.publish(detector, folder.name, read_version_files(folder))

    def drop(self, key: str, content: bytes) -> str:
        """Put a file into the bucket and return its ETag as a notice would carry it."""
        return self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)["ETag"].strip('"')

    def get(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return sorted(stored["Key"] for stored in found)

    def histories(self) -> dict[str, dict[str, int]]:
        """All stored histories: pk → name → sum. What was taken back to 0 reads as if it were absent: left out.

        When each was added to last is in `latest`.
        """
        found = {pk: dict(without_latest(sums)) for pk, sums in self._scan_histories()}
        found = {pk: sums for pk, sums in found.items() if sums}
        return self._at_home(found) if any(PACKED in name for sums in found.values() for name in sums) else found

    def latest(self) -> dict[str, list[str]]:
        """The names of the times of the latest additions: pk → names, more than one where writers met."""
        return {pk: names for pk, sums in self._scan_histories() if (names := sorted(latest_names(sums)))}

    def _at_home(self, found: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        """Histories under their own pks, those of packed pairs too. Whose they are is known from the decisions."""
        pairs = {
            (record.space, pair, parent, record.entities[pair])
            for record in self._scan_decisions()
            for pair, parent in self.container.champion().event_type.parents.items()
            if pair in record.entities
        }
        whole = {pk: {name: n for name, n in sums.items() if PACKED not in name} for pk, sums in found.items()}
        for space, pair, parent, key in pairs:
            packed = unpack_pair(found.get(f"{space}#{parent}#{parent_key(key)}", {}), pair, key)
            pk = f"{space}#{pair}#{key}"
            whole[pk] = add_up(whole.get(pk, {}), packed)
        assert sum(map(sum, map(dict.values, whole.values()))) == sum(map(sum, map(dict.values, found.values())))
        return {pk: sums for pk, sums in whole.items() if sums}

    def _scan_decisions(self) -> Iterator[DecisionRecord]:
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.container.decisions.table):
            found = (read_found(item) for item in page["Items"] if item["pk"]["S"].startswith("e#"))
            yield from (record for record in found if isinstance(record, DecisionRecord))

    def _scan_histories(self) -> Iterator[tuple[str, dict[str, int]]]:
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.container.histories.table):
            for item in page["Items"]:
                numbers = {name: int(value["N"]) for name, value in item.items() if name != "x" and "N" in value}
                yield item["pk"]["S"], {name: number for name, number in numbers.items() if number}


def create_tables(dynamodb: DynamoDBClient, histories: str, decisions: str) -> None:
    key: Any = [{"AttributeName": "pk", "KeyType": "HASH"}]
    texts: Any = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "lk", "ls")]
    listing: Any = {
        "IndexName": "listing",
        "KeySchema": [{"AttributeName": "lk", "KeyType": "HASH"}, {"AttributeName": "ls", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "ALL"},
    }
    dynamodb.create_table(
        TableName=histories, KeySchema=key, AttributeDefinitions=texts[:1], BillingMode="PAY_PER_REQUEST"
    )
    dynamodb.create_table(
        TableName=decisions,
        KeySchema=key,
        AttributeDefinitions=texts,
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[listing],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )


def forget_storage() -> None:
    """Make the process read its environment anew."""
    clients.forget()
    read_settings.cache_clear()
    open_container.cache_clear()


def read_payments(path: Path) -> list[Payment]:
    """Read payments as they are posted: numbers as numbers, without the label."""
    with path.open(newline="") as file:
        return [
            {name: float(cell) if name in _NUMBERS else cell for name, cell in row.items() if name not in ("is_fraud",)}
            for row in csv.DictReader(file)
        ]


def write_payments(payments: Sequence[Mapping[str, Any]]) -> bytes:
    """Return payments as a CSV file."""
    names = list(payments[0])
    lines = [",".join(names), *(",".join(str(row[name]) for name in names) for row in payments)]
    return "\n".join(lines).encode() + b"\n"


def reseal(
    folder: Path,
    out: Path,
    keep: Callable[[str, str], bool] = lambda _entity, _key: True,
    **changes: Any,  # noqa: ANN401 - whatever the manifest holds
) -> Path:
    """Seal a version again with changes to its manifest, keeping only some of its histories."""
    version = open_folder(folder)
    manifest = {
        name: value for name, value in version.manifest.items() if name not in ("files", "format", "histories", "card")
    }
    lines = gzip.decompress((folder / HISTORIES).read_bytes()).splitlines()
    kept = [line for line in lines if keep(*json.loads(line)[:2])]
    histories = gzip.compress(b"\n".join(kept), mtime=0)
    evaluation = json.loads((folder / EVALUATION).read_bytes())
    return seal_version({**manifest, **changes}, (folder / MODEL).read_bytes(), evaluation, histories, out).folder


def find_label(container: Container, event_id: str) -> StoredLabel:
    """Return the label of a decided event, which has one."""
    label = find_decision(container, event_id).label
    assert label is not None
    return label
