"""Batches: files in the inbox, results beside them, and how far each one is."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tollgate.adapters.aws_errors import error_code, translated
from tollgate.adapters.items import Item, fit_key, get_items
from tollgate.errors import TableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

UPLOAD_EXPIRES_S = 900
DOWNLOAD_EXPIRES_S = 3600
_LISTING = "batches"
_ANNOUNCED = re.compile(r"b-[0-9a-f]{20}")
_NUMBERS = ("rows", "scored", "failed")


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

    def results_key(self, results: bytes) -> str:
        """Return where results with this content go."""
        stem = re.sub(r"\.(csv|csv\.gz|parquet)$", "", self.filename, flags=re.IGNORECASE)
        return f"results/{self.batch_id}/{stem}.{hashlib.sha256(results).hexdigest()[:8]}.csv"

    def part_key(self, number: int) -> str:
        """Return where it is noted what became of one lot of a file's rows."""
        return f"results/{self.batch_id}/parts/{number:05d}.json"

    @property
    def summary_key(self) -> str:
        """Where the summary goes."""
        return f"results/{self.batch_id}/summary.json"

    @property
    def rejected_key(self) -> str:
        """Where the reason goes when a file cannot be used at all."""
        return f"rejected/{self.batch_id}/reason.json"


@dataclass(frozen=True)
class BatchStore:
    """The inbox and the results in S3, the state of each batch in DynamoDB."""

    s3: S3Client
    client: DynamoDBClient
    bucket: str
    table: str

    def announce(self, detector: str, filename: str) -> BatchFile:
        """Return a new place in the inbox for a file to be uploaded."""
        batch_id = f"b-{secrets.token_hex(10)}"
        return BatchFile(f"inbox/{detector}/{batch_id}/{filename}", detector, batch_id, filename)

    def presign_upload(self, key: str) -> str:
        """Return an address to which a file can be put for 15 minutes."""
        parameters = {"Bucket": self.bucket, "Key": key}
        return self.s3.generate_presigned_url("put_object", Params=parameters, ExpiresIn=UPLOAD_EXPIRES_S)

    def presign_download(self, key: str) -> str:
        """Return an address from which a result can be got for an hour."""
        parameters = {"Bucket": self.bucket, "Key": key}
        return self.s3.generate_presigned_url("get_object", Params=parameters, ExpiresIn=DOWNLOAD_EXPIRES_S)

    def read(self, key: str, largest_bytes: int | None = None) -> bytes | None:
        """Return an object's content, None if there is none; raise `TableError` if it is larger than allowed."""
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) in ("NoSuchKey", "404"):
                return None
            raise
        if largest_bytes is not None and answer["ContentLength"] > largest_bytes:
            raise TableError(f"The file is larger than {largest_bytes >> 20} MB; split it.")
        return answer["Body"].read()

    def write(self, key: str, content: bytes, content_type: str) -> None:
        """Write an object, in place of one that may be there."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type)

    def write_once(self, key: str, content: bytes, content_type: str) -> bool:
        """Write an object unless there is one; return whether it was written."""
        try:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*")
        except ClientError as error:
            if error_code(error) in ("PreconditionFailed", "ConditionalRequestConflict"):
                return False
            raise
        return True

    def set_state(self, file: BatchFile, now: str, status: str, **more: Any) -> None:  # noqa: ANN401
        """Record how far a batch is; the first record keeps its time of creation."""
        values: dict[str, Any] = {
            "batch_id": file.batch_id, "detector": file.detector, "filename": file.filename, "object": file.key,
            "status": status, **more,
        }  # fmt: skip
        names = {f"#{name}": name for name in values}
        sets = [f"#{name} = :{name}" for name in values]
        sets += ["created_at = if_not_exists(created_at, :now)", "ls = if_not_exists(ls, :ls)", "lk = :lk"]
        attributes = {f":{name}": _to_attribute(value) for name, value in values.items()}
        attributes |= {":now": {"S": now}, ":ls": {"S": f"{now}#{file.batch_id}"}, ":lk": {"S": _LISTING}}
        with translated():
            self.client.update_item(
                TableName=self.table,
                Key={"pk": {"S": batch_key(file.batch_id)}},
                UpdateExpression="SET " + ", ".join(sets),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=attributes,
            )

    def find(self, batch_id: str) -> dict[str, Any] | None:
        """Return the state of a batch, None if there is none."""
        pk = batch_key(batch_id)
        item = get_items(self.client, {self.table: [pk]})[self.table].get(pk)
        return _to_state(item) if item else None

    def page(self, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """Return batches, newest first, and the cursor of the next page if there is one."""
        request: dict[str, Any] = {
            "TableName": self.table, "IndexName": "listing", "KeyConditionExpression": "lk = :lk",
            "ExpressionAttributeValues": {":lk": {"S": _LISTING}}, "ScanIndexForward": False, "Limit": limit,
        }  # fmt: skip
        if cursor:
            request["KeyConditionExpression"] += " AND ls < :before"
            request["ExpressionAttributeValues"][":before"] = {"S": cursor}
        with translated():
            items = self.client.query(**request)["Items"]
        states = [_to_state(item) for item in items]
        return states, items[-1]["ls"]["S"] if len(items) == limit else None


def batch_key(batch_id: str) -> str:
    """Return the pk of a batch's state."""
    return fit_key(f"b#{batch_id}")


def _to_attribute(value: str | int | None) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _to_state(item: Item) -> dict[str, Any]:
    def plain(name: str) -> Any:  # noqa: ANN401
        attribute: Mapping[str, Any] = item.get(name, {})
        return int(attribute["N"]) if "N" in attribute else attribute.get("S")

    names = ("batch_id", "detector", "filename", "object", "status", "reason", "created_at", "finished_at", *_NUMBERS)
    return {name: plain(name) for name in names}


def to_json(plain: Mapping[str, Any]) -> bytes:
    """Return plain data as the bytes of a JSON object, the same for the same data."""
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()
