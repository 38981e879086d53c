"""The real template and the real functions, in the embedded emulator."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localstack.deployment import STACK, Deployment, connection, deploy
from localstack.emulator import PYTHON, Emulator, EmulatorError, running_emulator, start_emulator

pytest_plugins = ("tests.integration.emulator_fixture",)
pytestmark = pytest.mark.emulator


def call(url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, body, dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def sign(url: str, service: str) -> dict[str, str]:
    request = AWSRequest("GET", url)
    SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(request)
    return dict(request.headers)


def wait_for(found: Callable[[], Any], timeout_s: float = 30.0) -> Any:  # noqa: ANN401 - whatever was looked for
    deadline = time.monotonic() + timeout_s
    while not (answer := found()):
        assert time.monotonic() < deadline, f"nothing came within {timeout_s} s"
        time.sleep(0.1)
    return answer


def test_api_answers_an_unsigned_call_under_a_plain_url(deployed: Deployment) -> None:
    assert all(letter.isalnum() or letter in ":/._-" for letter in deployed.api_url), "it is printed inside a curl line"
    status, answer = call(f"{deployed.api_url}/v1/batches")
    assert status == 200
    assert set(answer) == {"batches", "cursor"}


def test_errors_come_from_the_function(deployed: Deployment) -> None:
    status, answer = call(f"{deployed.api_url}/v1/healthz?detector=nobody")
    assert (status, set(answer)) in [
        (200, {"status", "detector", "detector_version"}),
        (404, {"code", "message", "retry"}),
    ]
    status, answer = call(f"{deployed.api_url}/v1/decisions", {"content-type": "application/json"}, b'{"event": 3}')
    assert status in (400, 422)
    assert set(answer) == {"code", "message", "retry"}


def test_paths_outside_the_api_reach_no_function(deployed: Deployment) -> None:
    assert call(f"{deployed.api_url}/anything")[0] == 404


def test_function_url_takes_signed_calls_only(deployed: Deployment) -> None:
    url = f"{deployed.function_url}/v1/batches"
    assert call(url)[0] == 403
    assert call(url, sign(url, "lambda"))[0] == 200


def test_a_file_in_the_inbox_reaches_the_batch_function(deployed: Deployment) -> None:
    s3 = boto3.client("s3", **connection(deployed.endpoint_url))
    s3.put_object(Bucket=deployed.bucket, Key="inbox/nobody/some payments+1.csv", Body=b"event_id\n1\n")

    def listed() -> list[dict[str, Any]]:
        batches: list[dict[str, Any]] = call(f"{deployed.api_url}/v1/batches?limit=100")[1]["batches"]
        return [batch for batch in batches if batch["detector"] == "nobody"]

    (batch,) = wait_for(listed)
    assert batch["filename"] == "some payments+1.csv"


def test_functions_run_as_the_published_version_with_their_layer(deployed: Deployment) -> None:
    functions = boto3.client("lambda", **connection(deployed.endpoint_url))
    stack = boto3.client("cloudformation", **connection(deployed.endpoint_url))
    for logical_id, layers in {"ApiFunction": 0, "BatchFunction": 1, "StreamFunction": 0, "IndexFunction": 0}.items():
        resource = stack.describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        name = resource["StackResourceDetail"]["PhysicalResourceId"]
        settings = functions.get_function_configuration(FunctionName=name, Qualifier="live")
        assert settings["Version"] != "$LATEST"
        assert len(settings.get("Layers", [])) == layers


def test_deploying_again_changes_nothing(deployed: Deployment) -> None:
    assert deploy(deployed.endpoint_url) == deployed


def test_a_taken_port_is_named(running: Emulator) -> None:
    with pytest.raises(EmulatorError, match=f"Port {running.port} is in use .* --port"):
        start_emulator(running.port)


@pytest.mark.skipif(not PYTHON.exists(), reason="the embedded emulator is not installed")
def test_stopping_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    with running_emulator(0, tmp_path / "emulator.log") as emulator:
        assert emulator.folder.exists()
    assert not emulator.folder.exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(emulator.pid, 0)


def test_a_missing_emulator_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(EmulatorError, match=r"make \.tools/emulator/ready"):
        start_emulator(0, python=tmp_path / "python")
