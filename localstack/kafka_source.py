"""Kafka topic as an event source, and an in-process Kafka cluster to try it with.

The cluster is the one that librdkafka has for tests: it keeps topics in the memory of the process that started it, and
speaks Kafka's protocol to any client.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, TIMESTAMP_LOG_APPEND_TIME, Consumer, Message, Producer, TopicPartition

from localstack.event_source import Payload, SourceRecord, write_time

_TIMEOUT_S = 10.0
_QUIET = {"log_level": 3}


@contextmanager
def running_cluster() -> Iterator[str]:
    """The bootstrap servers of a Kafka cluster in this process. A topic is made with its first record."""
    holder = Producer({"test.mock.num.brokers": 1, **_QUIET})
    brokers = holder.list_topics(timeout=_TIMEOUT_S).brokers.values()
    yield ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
    holder.close()


class KafkaSource:
    """Reads the partitions of a topic from what its consumer group has committed; one reader has all of them."""

    def __init__(self, servers: str, topic: str, group: str = "tollgate", batch_size: int = 100) -> None:
        self._servers = servers
        self._batch_size = batch_size
        settings = {"bootstrap.servers": servers, "group.id": group, "enable.auto.commit": False, **_QUIET}
        self._consumer = Consumer(settings)
        found = self._consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic].partitions
        places = self._consumer.committed([TopicPartition(topic, partition) for partition in found], timeout=_TIMEOUT_S)
        self._consumer.assign(
            [TopicPartition(topic, at.partition, at.offset if at.offset >= 0 else OFFSET_BEGINNING) for at in places]
        )

    def read(self) -> Sequence[SourceRecord]:
        """Return the next records, of any partitions."""
        messages = self._consumer.consume(self._batch_size, timeout=0.3)
        return [_write(message) for message in messages if not message.error()]

    def write_payload(self, batch: Sequence[SourceRecord]) -> Payload:
        """Return what the function is invoked with."""
        records: dict[str, list[Payload]] = {}
        for sent in batch:
            records.setdefault(sent.partition, []).append(sent.record)
        return {"eventSource": "aws:SelfManagedKafka", "bootstrapServers": self._servers, "records": records}

    def describe(self, batch: Sequence[SourceRecord]) -> Payload:
        """Return Lambda's `KafkaBatchInfo`."""
        parts: dict[str, list[SourceRecord]] = {}
        for sent in batch:
            parts.setdefault(sent.partition, []).append(sent)
        info = {
            "batchSize": len(batch),
            "bootstrapServers": self._servers,
            "recordsInfo": {
                name: {
                    "firstRecordOffset": str(part[0].number),
                    "lastRecordOffset": str(part[-1].number),
                    "firstRecordTimestamp": write_time(part[0].record["timestamp"] / 1000),
                    "lastRecordTimestamp": write_time(part[-1].record["timestamp"] / 1000),
                }
                for name, part in parts.items()
            },
        }
        return {"KafkaBatchInfo": info}

    def commit(self, done: Sequence[SourceRecord]) -> None:
        """Commit how far each partition is done, for the group."""
        last = {(sent.record["topic"], sent.record["partition"]): sent.number for sent in done}
        if last:
            places = [TopicPartition(topic, partition, offset + 1) for (topic, partition), offset in last.items()]
            self._consumer.commit(offsets=places, asynchronous=False)

    def close(self) -> None:
        """Leave the cluster."""
        self._consumer.close()


def _write(message: Message) -> SourceRecord:
    topic, partition, offset = str(message.topic()), int(message.partition() or 0), int(message.offset() or 0)
    kind, time_ms = message.timestamp()
    headers: Any = message.headers() or []  # pairs of name and bytes
    record: Payload = {
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "timestamp": time_ms,
        "timestampType": "LOG_APPEND_TIME" if kind == TIMESTAMP_LOG_APPEND_TIME else "CREATE_TIME",
        "key": _encode(message.key()),
        "value": _encode(message.value()),
        "headers": [{header: list(content or b"")} for header, content in headers],
    }
    name = f"{topic}-{partition}"
    return SourceRecord(name, offset, {"partition": name, "offset": offset}, record)


def _encode(content: Any) -> str | None:  # noqa: ANN401 - text or bytes
    if content is None:
        return None
    return base64.b64encode(content.encode() if isinstance(content, str) else content).decode()
