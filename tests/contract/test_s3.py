"""Objects in S3: what is stored, conditions by ETag, ranges, lists, uploads in parts, and what is not there."""

from __future__ import annotations

import hashlib
import urllib.request
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from tests.contract.named import Named, refused

pytest_plugins = ("tests.contract.clients_fixture",)
CONTENT = bytes(range(256)) * 40
ODD_KEYS = ["a/b", "with space", "ä=+%20&?#", "inbox/payments/x..csv", "a//b", "<&>\"'"]
ABSENT = ("NoSuchKey", "404")


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def put(bucket: Named, key: str, content: bytes | BinaryIO = CONTENT, **more: Any) -> str:  # noqa: ANN401 - as boto3's client
    etag: str = bucket.s3.put_object(Bucket=bucket.bucket, Key=key, Body=content, **more)["ETag"]
    return etag


def get(bucket: Named, key: str, **more: Any) -> Any:  # noqa: ANN401 - boto3's answer
    answer = bucket.s3.get_object(Bucket=bucket.bucket, Key=key, **more)
    return {**answer, "content": answer["Body"].read()}


def keys(bucket: Named, **asked: Any) -> list[str]:  # noqa: ANN401 - as boto3's client
    pages = bucket.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket.bucket, **asked)
    return [stored["Key"] for page in pages for stored in page.get("Contents", [])]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_object_is_what_was_put_until_it_is_deleted(bucket: Named, key: str) -> None:
    etag = put(bucket, key, ContentType="text/csv")
    found = get(bucket, key)
    assert etag == found["ETag"] == f'"{md5(CONTENT)}"'
    assert (found["content"], found["ContentLength"], found["ContentType"]) == (CONTENT, len(CONTENT), "text/csv")
    assert keys(bucket) == [key]
    head = bucket.s3.head_object(Bucket=bucket.bucket, Key=key)
    assert (head["ETag"], head["ContentLength"], head["ContentType"]) == (etag, len(CONTENT), "text/csv")
    assert abs(head["LastModified"].timestamp() - found["LastModified"].timestamp()) <= 1
    put(bucket, key, b"")
    assert get(bucket, key)["content"] == b""
    for _ in range(2):
        bucket.s3.delete_object(Bucket=bucket.bucket, Key=key)
    assert keys(bucket) == []


def test_what_is_not_there(bucket: Named) -> None:
    asked = {"Bucket": bucket.bucket, "Key": "nothing"}
    assert refused(bucket.s3.get_object, **asked) == "NoSuchKey"
    assert refused(bucket.s3.head_object, **asked) == "404"
    assert refused(bucket.s3.head_object, **asked, IfMatch='"0"') in ABSENT
    assert refused(bucket.s3.get_object, Bucket=f"{bucket.bucket}-none", Key="a") == "NoSuchBucket"
    assert refused(bucket.s3.put_object, Bucket=f"{bucket.bucket}-none", Key="a", Body=b"") == "NoSuchBucket"


def test_an_object_is_written_once(bucket: Named) -> None:
    put(bucket, "k", b"first", IfNoneMatch="*")
    asked = {"Bucket": bucket.bucket, "Key": "k", "Body": b"second"}
    assert refused(bucket.s3.put_object, **asked, IfNoneMatch="*") == "PreconditionFailed"
    assert get(bucket, "k")["content"] == b"first"


def test_an_object_is_written_in_place_of_the_one_that_was_seen(bucket: Named) -> None:
    first = put(bucket, "k", b"first")
    second = put(bucket, "k", b"second", IfMatch=first)
    asked = {"Bucket": bucket.bucket, "Body": b"third", "IfMatch": first}
    assert refused(bucket.s3.put_object, Key="k", **asked) == "PreconditionFailed"
    assert refused(bucket.s3.put_object, Key="nothing", **asked) in ABSENT
    assert get(bucket, "k")["ETag"] == second


def test_an_object_is_read_if_it_is_or_is_not_the_one_that_was_seen(bucket: Named) -> None:
    etag = put(bucket, "k")
    asked = {"Bucket": bucket.bucket, "Key": "k"}
    assert refused(bucket.s3.get_object, **asked, IfNoneMatch=etag) in ("304", "NotModified")
    assert get(bucket, "k", IfMatch=etag)["content"] == CONTENT
    assert get(bucket, "k", IfNoneMatch='"0"')["content"] == CONTENT
    assert refused(bucket.s3.get_object, **asked, IfMatch='"0"') == "PreconditionFailed"
    assert refused(bucket.s3.head_object, **asked, IfMatch='"0"') == "412"


@pytest.mark.parametrize(("asked", "part"), [("0-0", (0, 1)), ("100-299", (100, 300)), ("10000-99999", (10000, 10240))])
def test_ranges(bucket: Named, asked: str, part: tuple[int, int]) -> None:
    etag = put(bucket, "k")
    found = get(bucket, "k", Range=f"bytes={asked}", IfMatch=etag)
    assert found["content"] == CONTENT[slice(*part)]
    assert found["ContentLength"] == part[1] - part[0]
    assert found["ContentRange"] == f"bytes {part[0]}-{part[1] - 1}/{len(CONTENT)}"


def test_a_range_behind_the_end_is_refused(bucket: Named) -> None:
    put(bucket, "k")
    asked = {"Bucket": bucket.bucket, "Key": "k", "Range": f"bytes={len(CONTENT)}-"}
    assert refused(bucket.s3.get_object, **asked) == "InvalidRange"


def test_lists_are_in_order_and_begin_where_they_are_told(bucket: Named) -> None:
    names = ["a/1", "a/2", "a/ä", "a/Z", "b/1", "ab"]
    for name in names:
        put(bucket, name, name.encode())
    assert keys(bucket) == sorted(names, key=str.encode)
    assert keys(bucket, Prefix="a/") == ["a/1", "a/2", "a/Z", "a/ä"]
    assert keys(bucket, Prefix="a/", StartAfter="a/1") == ["a/2", "a/Z", "a/ä"]
    assert keys(bucket, Prefix="a/", StartAfter="a/20") == ["a/Z", "a/ä"]
    assert keys(bucket, Prefix="c") == []
    assert keys(bucket, PaginationConfig={"PageSize": 2}) == sorted(names, key=str.encode)
    (stored, *_) = bucket.s3.list_objects_v2(Bucket=bucket.bucket, Prefix="b/")["Contents"]
    assert (stored["Size"], stored["ETag"]) == (3, f'"{md5(b"b/1")}"')


@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_lists_of_folders(bucket: Named, page_size: int) -> None:
    for name in ("d/v1/a", "d/v1/b", "d/v2/a", "d/v3/a/x", "d/file", "d/last", "e/v1/a"):
        put(bucket, name, b"")
    asked = {"Prefix": "d/", "Delimiter": "/", "PaginationConfig": {"PageSize": page_size}}
    pages = list(bucket.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket.bucket, **asked))
    folders = [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", [])]
    assert folders == ["d/v1/", "d/v2/", "d/v3/"]
    assert [stored["Key"] for page in pages for stored in page.get("Contents", [])] == ["d/file", "d/last"]


def test_a_page_has_a_thousand(bucket: Named) -> None:
    for number in range(1003):
        put(bucket, f"{number:04d}", b"")
    pages = list(bucket.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket.bucket))
    assert [(len(page["Contents"]), page["IsTruncated"]) for page in pages] == [(1000, True), (3, False)]
    deleted = [{"Key": f"{number:04d}"} for number in range(1000)]
    bucket.s3.delete_objects(Bucket=bucket.bucket, Delete={"Objects": deleted, "Quiet": True})
    assert keys(bucket) == ["1000", "1001", "1002"]


def test_many_are_deleted_at_once_whatever_their_names(bucket: Named) -> None:
    for key in ODD_KEYS:
        put(bucket, key)
    objects = [{"Key": key} for key in [*ODD_KEYS[1:], "nothing"]]
    bucket.s3.delete_objects(Bucket=bucket.bucket, Delete={"Objects": objects, "Quiet": True})
    assert keys(bucket) == ODD_KEYS[:1]


def test_files_go_there_and_come_back(bucket: Named, tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(CONTENT)
    with (tmp_path / "out").open("rb") as body:
        put(bucket, "file", body)
    bucket.s3.download_file(bucket.bucket, "file", str(tmp_path / "in"))
    assert (tmp_path / "in").read_bytes() == CONTENT


class Upload:
    """An upload in parts."""

    def __init__(self, bucket: Named, key: str) -> None:
        self.s3, place = bucket.s3, {"Bucket": bucket.bucket, "Key": key}
        begun = self.s3.create_multipart_upload(**place, ContentType="text/csv")
        self.asked = {**place, "UploadId": begun["UploadId"]}

    def send(self, number: int, content: bytes) -> dict[str, Any]:
        answer = self.s3.upload_part(**self.asked, PartNumber=number, Body=content)
        return {"PartNumber": number, "ETag": answer["ETag"]}

    def complete(self, *parts: dict[str, Any]) -> Any:  # noqa: ANN401 - boto3's answer
        return self.s3.complete_multipart_upload(**self.asked, MultipartUpload={"Parts": list(parts)})

    def refused(self, *parts: dict[str, Any]) -> str:
        return refused(self.s3.complete_multipart_upload, **self.asked, MultipartUpload={"Parts": list(parts)})


def test_an_upload_in_parts_is_an_object_once_it_is_complete(bucket: Named) -> None:
    upload, large = Upload(bucket, "k"), bytes(5 << 20)
    first = upload.send(1, b"replaced")
    first, last = upload.send(1, large), upload.send(9, b"end")
    assert keys(bucket) == []
    upload.complete(first, last)
    found = get(bucket, "k")
    assert (found["content"], found["ContentType"]) == (large + b"end", "text/csv")
    both = bytes.fromhex(md5(large) + md5(b"end"))
    assert found["ETag"] == f'"{md5(both)}-2"'


def test_an_upload_that_is_over_is_gone(bucket: Named) -> None:
    done, given_up = Upload(bucket, "done"), Upload(bucket, "given-up")
    part = done.send(1, CONTENT)
    done.complete(part)
    given_up.send(1, CONTENT)
    bucket.s3.abort_multipart_upload(**given_up.asked)
    for upload in (done, given_up):
        asked = {**upload.asked, "PartNumber": 2, "Body": b""}
        assert refused(bucket.s3.upload_part, **asked) == "NoSuchUpload"
    assert given_up.refused(part) == "NoSuchUpload"
    assert keys(bucket) == ["done"]


def test_parts_that_were_not_sent_are_refused_and_the_upload_stays(bucket: Named) -> None:
    upload = Upload(bucket, "k")
    sent = upload.send(1, CONTENT)
    assert upload.refused(sent, {"PartNumber": 2, "ETag": sent["ETag"]}) == "InvalidPart"
    assert upload.refused({**sent, "ETag": '"0123456789abcdef0123456789abcdef"'}) == "InvalidPart"
    upload.complete(sent)
    assert get(bucket, "k")["content"] == CONTENT


def test_presigned_addresses_need_no_client(bucket: Named) -> None:
    place = {"Bucket": bucket.bucket, "Key": "inbox/ä b.csv"}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    upload = bucket.s3.generate_presigned_url("put_object", Params=place, ExpiresIn=60)
    with opener.open(urllib.request.Request(upload, CONTENT, method="PUT"), timeout=10) as answer:
        assert answer.status == 200
    download = bucket.s3.generate_presigned_url("get_object", Params=place, ExpiresIn=60)
    with opener.open(download, timeout=10) as answer:
        assert answer.read() == CONTENT
