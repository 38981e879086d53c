"""In-memory DynamoDB behind boto3's client that meters what each decision reads, writes and is billed for.

The client builds, signs and reads its messages as it does in AWS; only the network is left out.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from bench.serving.memory_dynamodb import MemoryDynamoDB
from tests.fakes.http_answer import Answer
from tests.fakes.item_size import item_bytes, read_units, write_units


class Meter:
    """What was billed for since `reset`: units by what was written or read, and the sizes of what was written.

    ``away_s`` is the processor time that this stand-in took itself.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.units: dict[str, float] = {}
        self.sizes: dict[str, int] = {}
        self.away_s = 0.0

    def count(self, what: str, units: float) -> None:
        """Add units."""
        self.units[what] = self.units.get(what, 0.0) + units


class MeteredDynamoDB:
    """Answers the calls of a boto3 client from tables in memory, and meters them."""

    def __init__(self, tables: MemoryDynamoDB) -> None:
        self.tables, self.meter = tables, Meter()

    def answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """Answer in place of the network: a handler of botocore's event ``before-send.dynamodb``."""
        began = time.process_time()
        target: Any = request.headers["X-Amz-Target"]
        sent: Any = request.body
        content = json.loads(sent, object_hook=_from_wire)
        answer = self._read(content) if target.endswith(b".BatchGetItem") else self._write(content)
        body = json.dumps(answer, default=lambda binary: base64.b64encode(binary).decode()).encode()
        response = Answer(body=body).to_response(request.url)
        self.meter.away_s += time.process_time() - began
        return response

    def _read(self, content: Mapping[str, Any]) -> dict[str, Any]:
        for table, request in content["RequestItems"].items():
            for key in request["Keys"]:
                size = item_bytes(self._item(table, key["pk"]["S"]))
                self.meter.count("read", read_units(size, consistent=request.get("ConsistentRead", False)))
        return self.tables.batch_get_item(**content)

    def _write(self, content: Mapping[str, Any]) -> dict[str, Any]:
        places = [(table, pk) for action in content["TransactItems"] for table, pk in _places(action)]
        before = [item_bytes(self._item(*place)) for place in places]
        answer = self.tables.transact_write_items(TransactItems=content["TransactItems"])
        self.tables.settle()
        for (table, pk), size_before in zip(places, before, strict=True):
            size = item_bytes(self._item(table, pk))
            self.meter.sizes[pk] = size
            # An update is billed by the larger of the item before and after it.
            self.meter.count(f"write {table}", write_units(max(size_before, size), together=True))
        return answer

    def _item(self, table: str, pk: str) -> dict[str, Any]:
        return self.tables.tables.get(table, {}).get(pk, {})


def _from_wire(content: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64decode(content["B"])} if content.keys() == {"B"} else content


def _places(action: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if put := action.get("Put"):
        yield put["TableName"], put["Item"]["pk"]["S"]
    if update := action.get("Update"):
        yield update["TableName"], update["Key"]["pk"]["S"]
