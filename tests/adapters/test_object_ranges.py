"""Ranges of objects are what boto3's client reads, signed alike, and asked for again where that may help."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tollgate.adapters.errors import code_behind
from tollgate.adapters.s3 import ranges as object_ranges
from tollgate.adapters.s3.ranges import ObjectRanges, connect
from tollgate.errors import UnavailableError

from tests.services.backend import Backend, forget_storage
from tests.services.faulty_endpoint import Fault, faulty_endpoint

pytest_plugins = ("tests.services.backend_fixture",)
pytestmark = pytest.mark.emulator
CONTENT = bytes(range(256)) * 400


@pytest.fixture
def ranges(empty_backend: Backend, monkeypatch: pytest.MonkeyPatch) -> ObjectRanges:
    monkeypatch.setattr(object_ranges, "_PAUSES_S", (0.0, 0.0, 0.0))
    return empty_backend.container.segments.ranges


@pytest.mark.parametrize("key", ["a/b", "with space", "ä=+%20&?#", "index/payments/2026-11-26/000001-x"])
@pytest.mark.parametrize(("start", "stop"), [(0, 1), (0, 70_000), (12_345, 12_400), (102_399, 102_400)])
def test_a_range_is_what_lies_there(
    empty_backend: Backend, ranges: ObjectRanges, key: str, start: int, stop: int
) -> None:
    empty_backend.drop(key, CONTENT)
    assert ranges.read(key, start, stop) == CONTENT[start:stop]


def test_what_is_not_there_is_told_from_what_fails(ranges: ObjectRanges) -> None:
    with pytest.raises(UnavailableError) as refused:
        ranges.read("nothing", 0, 10)
    assert code_behind(refused.value) == "NoSuchKey"


def test_requests_are_those_of_the_client(empty_backend: Backend, ranges: ObjectRanges) -> None:
    """The emulator believes any signature, so what was sent is looked at."""
    sent: list[AWSPreparedRequest] = []

    def send(request: AWSPreparedRequest) -> object:
        sent.append(request)
        return connect(ranges.s3)(request)

    empty_backend.drop("ä b", CONTENT)
    ranges.s3.meta.events.register("before-send.s3", lambda request, **_: sent.append(request))
    replace(ranges, credentials=lambda: Credentials("test", "test", "session"), send=send).read("ä b", 3, 9)
    ranges.s3.get_object(Bucket=empty_backend.bucket, Key="ä b", Range="bytes=3-8")
    ours, theirs = sent
    assert (ours.method, ours.url) == (theirs.method, theirs.url)
    told, known = (read_signature(one) for one in sent)
    assert told["Credential"] == known["Credential"]
    assert {"host", "range", "x-amz-date", "x-amz-security-token"} <= set(told["SignedHeaders"].split(";"))


def read_signature(request: AWSPreparedRequest) -> dict[str, str]:
    value: object = request.headers["Authorization"]
    text = value.decode() if isinstance(value, bytes) else str(value)
    return dict(part.strip().split("=", 1) for part in text.removeprefix("AWS4-HMAC-SHA256 ").split(","))


@pytest.mark.parametrize("fault", ["throttle", "drop the answer", "cut the answer"])
def test_what_may_pass_is_tried_again(empty_backend: Backend, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    monkeypatch.setattr(object_ranges, "_PAUSES_S", (0.0, 0.0, 0.0))
    empty_backend.drop("wanted", CONTENT)
    with faulty_endpoint(empty_backend.environment["AWS_ENDPOINT_URL"]) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        forget_storage()
        ranges = empty_backend.container.segments.ranges
        endpoint.faults["wanted"] = fault
        endpoint.one_in = 2
        for _ in range(3):
            assert ranges.read("wanted", 5, 2_000) == CONTENT[5:2_000]
        endpoint.one_in = 1
        with pytest.raises(UnavailableError, match="S3"):
            ranges.read("wanted", 5, 2_000)


def test_what_is_refused_is_not_tried_again(empty_backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    empty_backend.drop("wanted", CONTENT)
    with faulty_endpoint(empty_backend.environment["AWS_ENDPOINT_URL"]) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        forget_storage()
        ranges = empty_backend.container.segments.ranges
        endpoint.faults["wanted"] = "refuse"
        with pytest.raises(UnavailableError) as refused:
            ranges.read("wanted", 0, 5)
        assert isinstance(refused.value.__cause__, ClientError)
        assert len(endpoint.seen) == 1


def test_without_credentials_nothing_is_sent(ranges: ObjectRanges) -> None:
    with pytest.raises(UnavailableError, match="NoCredentialsError"):
        replace(ranges, credentials=lambda: None).read("wanted", 0, 5)
