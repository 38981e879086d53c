"""Every command that talks to AWS says what to do about credentials and names, by one mechanism."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ProfileNotFound, UnauthorizedSSOTokenError
from tollgate.adapters import clients
from tollgate.adapters.errors import explain_aws
from tollgate.errors import UnavailableError

from tests.services.backend import Backend
from tests.training.test_command_line import call, refusal

pytest_plugins = ("tests.services.backend_fixture",)
SIGN_IN = "sign in, for example with `aws sso login`"


def commands(values: Path, version: Path, bucket: str = "nobody-has-this-bucket") -> dict[str, tuple[object, ...]]:
    where = ("--detector", "payments", "--bucket", bucket)
    return {
        "lists put": ("lists", "put", values, "--name", "bad", *where),
        "rules draft": ("rules", "draft", *where),
        "publish": ("publish", version, "--bucket", bucket, "--history-table", "h"),
        "replay": ("replay", "e1", "--decisions-table", "d", *where),
        "reindex": ("reindex", "--decisions-table", "d", *where, "--from", "2026-01-01", "--to", "2026-01-02"),
        "redrive": ("redrive", "--dead-letter-url", "http://x/q", "--queue-url", "http://x/p", "--bucket", bucket),
    }


@pytest.mark.parametrize("name", ["lists put", "rules draft", "publish", "replay", "reindex", "redrive"])
def test_without_credentials_a_command_says_to_sign_in(
    name: str, tmp_path: Path, sample_version: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    clients.forget()
    (tmp_path / "values.txt").write_text("a\n")
    said = refusal(call(*commands(tmp_path / "values.txt", sample_version)[name]))
    clients.forget()
    assert said.startswith("Error: There are no AWS credentials (NoCredentialsError); ")
    assert SIGN_IN in said
    assert "try again" not in said


@pytest.mark.emulator
@pytest.mark.parametrize("name", ["lists put", "rules draft"])
def test_a_bucket_that_is_not_there_is_named(
    name: str, empty_backend: Backend, tmp_path: Path, sample_version: Path
) -> None:
    assert empty_backend.bucket
    (tmp_path / "values.txt").write_text("a\n")
    said = refusal(call(*commands(tmp_path / "values.txt", sample_version)[name]))
    assert said.startswith("Error: There is no bucket ")
    assert "check the name" in said


@pytest.mark.emulator
@pytest.mark.parametrize(("name", "said"), [("lists put", "no detector"), ("rules draft", "no draft")])
def test_an_empty_bucket_is_no_missing_one(
    name: str, said: str, empty_backend: Backend, tmp_path: Path, sample_version: Path
) -> None:
    (tmp_path / "values.txt").write_text("a\n")
    asked = commands(tmp_path / "values.txt", sample_version, empty_backend.bucket)[name]
    assert said in refusal(call(*asked))


def answered(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (answered("ExpiredToken"), "Your AWS credentials have expired"),
        (answered("InvalidAccessKeyId"), "Your AWS credentials are not known"),
        (answered("NoSuchBucket"), "There is no bucket of that name"),
        (answered("AccessDenied"), "AWS does not allow you GetObject"),
        (answered("ResourceNotFoundException"), "AWS has nothing of the name"),
        (NoCredentialsError(), SIGN_IN),
        (UnauthorizedSSOTokenError(), SIGN_IN),
        (ProfileNotFound(profile="x"), "set AWS_PROFILE"),
    ],
)
def test_what_trying_again_does_not_help_is_said_otherwise(error: Exception, said: str) -> None:
    ours = UnavailableError("The bucket did not give it; try again.")
    ours.__cause__ = error
    for one in (error, ours):
        told = explain_aws(one)
        assert told is not None
        assert said in told
        assert told.endswith(".")
        assert "try again" not in told


def test_what_may_pass_keeps_its_own_words() -> None:
    ours = UnavailableError("The bucket did not give it: SlowDown; try again.")
    ours.__cause__ = answered("SlowDown")
    assert explain_aws(ours) is None
    assert explain_aws(answered("SlowDown")) is not None
    assert explain_aws(ValueError("x")) is None
