"""Stream on this machine: sends the rows of a CSV file to the deployed stream function, which decides on them.

    python -m localstack.stream kinesis payments.csv --key customer_id
    python -m localstack.stream kafka payments.csv --key customer_id

Kinesis runs in the emulator; Kafka is a cluster in this process, or the one at `--bootstrap-servers`. With `--follow`,
it keeps delivering what others put on the stream, until Ctrl-C.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from confluent_kafka import KafkaException, Producer

from localstack.deployment import connection, find_function, find_output
from localstack.emulator import DEFAULT_PORT, HOST
from localstack.event_source import EventSourceMapping, Payload, Source, invoke_with
from localstack.kafka_source import KafkaSource, running_cluster
from localstack.kinesis_source import KinesisSource

_STREAM = "payments"
_SHARDS = 2
# So many times nothing may be read before the stream counts as read to its end.
_EMPTY_READS = 4

Rows = Sequence[Mapping[str, str]]


def main() -> None:
    """Put, deliver, and print what became of it, as JSON."""
    asked = _parse()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with asked.events.open(newline="", encoding="utf-8-sig") as file:
            rows = [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(file)]
        mapping, letters = map_function(asked.endpoint_url)
        with _source(asked, rows) as source, suppress(KeyboardInterrupt):
            deliver_all(mapping, source, follow=asked.follow)
    except (OSError, BotoCoreError, ClientError, KafkaException) as error:
        raise SystemExit(f"Error: {error}") from None
    print(json.dumps({"put": len(rows), "given_up": len(letters)}))


def _parse() -> argparse.Namespace:
    default = os.environ.get("AWS_ENDPOINT_URL", f"http://{HOST}:{DEFAULT_PORT}")
    description = (
        "Put the rows of a CSV file on a Kinesis or Kafka stream on this machine, and deliver them in batches to the "
        "deployed stream function. Prints how many records were put, and how many were given up, as JSON."
    )
    parser = argparse.ArgumentParser(prog="python -m localstack.stream", description=description)
    parser.add_argument("kind", choices=("kinesis", "kafka"), help="the kind of stream")
    parser.add_argument("events", type=Path, help="CSV file with one event per row")
    parser.add_argument(
        "--key", help="column to use as the key of the records (default: a different key for each record)"
    )
    parser.add_argument("--endpoint-url", default=default, help="address of the emulator (default: %(default)s)")
    parser.add_argument("--stream", default=_STREAM, help="name of the stream or topic (default: %(default)s)")
    parser.add_argument(
        "--batch-size", type=int, default=100, help="records per invocation of the function (default: %(default)s)"
    )
    parser.add_argument(
        "--bootstrap-servers", help="servers of an existing Kafka cluster (default: start one in this process)"
    )
    parser.add_argument("--follow", action="store_true", help="keep delivering new records until Ctrl-C")
    return parser.parse_args()


def map_function(endpoint_url: str, function: str = "StreamFunction") -> tuple[EventSourceMapping, list[Payload]]:
    """Return a deployed function as a mapping's target, and the list of what it gives up.

    That goes to the deployment's dead-letter queue too.
    """
    reached = connection(endpoint_url)
    functions, queues = boto3.client("lambda", **reached), boto3.client("sqs", **reached)
    name, queue = find_function(endpoint_url, function), find_output(endpoint_url, "DeadLetterUrl")
    arn = functions.get_function_configuration(FunctionName=name, Qualifier="live")["FunctionArn"]
    letters: list[Payload] = []

    def give_up(letter: Payload) -> None:
        letters.append(letter)
        queues.send_message(QueueUrl=queue, MessageBody=json.dumps(letter))

    return EventSourceMapping(arn, invoke_with(functions, name), give_up), letters


def deliver_all(mapping: EventSourceMapping, source: Source, *, follow: bool = False) -> int:
    """Deliver what is on a stream; return how many records that were."""
    delivered = empty = 0
    while follow or empty < _EMPTY_READS:
        if batch := source.read():
            mapping.deliver(source, batch)
            delivered += len(batch)
            print(f"Delivered {delivered:,} records.", file=sys.stderr, flush=True)
        empty = 0 if batch else empty + 1
    return delivered


@contextmanager
def _source(asked: argparse.Namespace, rows: Rows) -> Iterator[Source]:
    if asked.kind == "kinesis":
        client = boto3.client("kinesis", **connection(asked.endpoint_url))
        put_on_kinesis(client, asked.stream, rows, asked.key)
        yield KinesisSource(client, asked.stream, asked.batch_size)
        return
    with nullcontext(asked.bootstrap_servers) if asked.bootstrap_servers else running_cluster() as servers:
        print(f"Kafka is running at {servers}.", file=sys.stderr, flush=True)
        put_on_kafka(servers, asked.stream, rows, asked.key)
        source = KafkaSource(servers, asked.stream, batch_size=asked.batch_size)
        yield source
        source.close()


def put_on_kinesis(client: Any, stream: str, rows: Rows, key: str | None) -> None:  # noqa: ANN401 - boto3's client
    """Put rows on a Kinesis stream, which is made where it is not there."""
    with suppress(client.exceptions.ResourceInUseException):
        client.create_stream(StreamName=stream, ShardCount=_SHARDS)
    client.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    for number, row in enumerate(rows):
        client.put_record(StreamName=stream, Data=json.dumps(row).encode(), PartitionKey=_key(row, key) or str(number))


def put_on_kafka(servers: str, topic: str, rows: Rows, key: str | None) -> None:
    """Put rows on a topic of a Kafka cluster."""
    producer = Producer({"bootstrap.servers": servers, "log_level": 3})
    for row in rows:
        producer.produce(topic, json.dumps(row).encode(), key=_key(row, key))
        producer.poll(0)
    producer.flush(30)


def _key(row: Mapping[str, str], key: str | None) -> str | None:
    return row.get(key) if key else None


if __name__ == "__main__":
    main()
