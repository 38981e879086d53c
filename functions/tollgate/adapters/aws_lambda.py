"""Lambda client: invokes the stream function of a deployment to decide again on records that it gave up."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tollgate.adapters.errors import translated
from tollgate.errors import InputError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True)
class StreamFunction:
    """The function of that ``name``, or ARN."""

    client: LambdaClient
    name: str

    def decide_again(self, body: str) -> int:
        """Have the records decided on that a message of the dead-letter queue is about; return how many these were.

        Raises `InputError` with what the function says where it cannot, `UnavailableError` where it does not answer.
        """
        with translated("The stream function"):
            answer = self.client.invoke(FunctionName=self.name, Payload=body.encode())
        said = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer or not isinstance(said, dict):
            kind = said.get("errorType", "no answer") if isinstance(said, dict) else "no answer"
            raise UnavailableError(f"The stream function failed ({kind}); its log says where.")
        if "refused" in said:
            raise InputError(said["refused"])
        return int(said["decided"])
