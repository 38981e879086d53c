"""The stream of a table of decisions, as Lambda would hand its records to the index function."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import boto3

from localstack.emulator import CREDENTIALS
from localstack.template import TEMPLATE, load_template
from tests.services.backend import Backend

Record = dict[str, Any]


def read_stream(backend: Backend) -> list[Record]:
    """Return all records of the table's stream so far which the template's filter lets through."""
    return [record for record in _read_all(backend) if passes_filter(record)]


def _read_all(backend: Backend) -> Iterator[Record]:
    client: Any = boto3.client(
        "dynamodbstreams", endpoint_url=backend.environment["AWS_ENDPOINT_URL"], region_name=CREDENTIALS["AWS_REGION"]
    )
    table = backend.dynamodb.describe_table(TableName=backend.stores.decisions.table)["Table"]
    arn = table["LatestStreamArn"]
    for shard in client.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = client.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        while iterator:
            answer = client.get_records(ShardIterator=iterator)
            if not answer["Records"]:
                break
            yield from (_as_lambda_sends(record) for record in answer["Records"])
            iterator = answer.get("NextShardIterator")


def _as_lambda_sends(record: Mapping[str, Any]) -> Record:
    """Return a record with bytes in base64 and its moment in seconds."""
    told = record["dynamodb"]
    moment = told["ApproximateCreationDateTime"]
    image = told.get("NewImage", {})
    plain = {
        name: {kind: base64.b64encode(value).decode() if kind == "B" else value for kind, value in typed.items()}
        for name, typed in image.items()
    }
    changed = {"ApproximateCreationDateTime": moment.timestamp(), **({"NewImage": plain} if image else {})}
    return {**record, "dynamodb": {**told, **changed}}


def passes_filter(record: Mapping[str, Any]) -> bool:
    """Return whether the mapping of the template hands a record on; its filter asks what is there."""
    source = load_template(TEMPLATE)["Resources"]["IndexSource"]["Properties"]
    (pattern,) = (json.loads(each["Pattern"]) for each in source["FilterCriteria"]["Filters"])
    return _has(record, pattern)


def _has(part: Any, pattern: Any) -> bool:  # noqa: ANN401 - JSON
    if isinstance(pattern, list):
        assert pattern == [{"exists": True}]
        return part is not None
    return isinstance(part, Mapping) and all(_has(part.get(name), inner) for name, inner in pattern.items())
