"""Clients of AWS's services, with names of tables, buckets, queues and streams that nobody else has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tollgate.adapters import clients
from tollgate.adapters.errors import error_code


@dataclass(frozen=True)
class Named:
    """``name`` is part of all names. The clients are those of the adapters."""

    name: str

    @property
    def histories(self) -> str:
        return f"histories-{self.name}"

    @property
    def decisions(self) -> str:
        return f"decisions-{self.name}"

    @property
    def bucket(self) -> str:
        return f"bucket-{self.name}"

    @property
    def dynamodb(self) -> Any:  # noqa: ANN401 - boto3's client, of which wrong requests are asked too
        return clients.dynamodb()

    @property
    def s3(self) -> Any:  # noqa: ANN401 - boto3's client
        return clients.s3()

    @property
    def sqs(self) -> Any:  # noqa: ANN401 - boto3's client
        return clients.sqs()

    @property
    def kinesis(self) -> Any:  # noqa: ANN401 - boto3's client
        return clients.kinesis()


def refused(call: Callable[..., object], **request: Any) -> str:  # noqa: ANN401 - as boto3's clients
    """Return the code with which a request is refused."""
    with pytest.raises(ClientError) as error:
        call(**request)
    return error_code(error.value)
