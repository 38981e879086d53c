"""EventBridge in memory: buses that hand events on to queues, chosen by their source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.fakes.errors import AwsError
from tests.fakes.sqs import SQS

Json = dict[str, Any]


@dataclass
class Rule:
    """Hands events of some sources on to queues, named by their ARNs."""

    sources: Sequence[str]
    targets: dict[str, str] = field(default_factory=dict)


class EventBridge:
    """Rules by the name of their bus and their own."""

    def __init__(self, queues: SQS) -> None:
        self._queues = queues
        self._buses: dict[str, dict[str, Rule]] = {"default": {}}
        self._numbers = count(1)

    def create_event_bus(self, *, Name: str, **_: object) -> Json:
        self._buses.setdefault(Name, {})
        return {"EventBusArn": f"arn:aws:events:us-east-1:000000000000:event-bus/{Name}"}

    def put_rule(self, *, Name: str, EventPattern: str, EventBusName: str = "default", **_: object) -> Json:
        pattern = json.loads(EventPattern)
        if pattern.keys() != {"source"}:
            raise AwsError("InvalidEventPatternException", "The fake chooses events by their source alone.")
        self._bus(EventBusName)[Name] = Rule(pattern["source"])
        return {"RuleArn": f"arn:aws:events:us-east-1:000000000000:rule/{EventBusName}/{Name}"}

    def put_targets(
        self, *, Rule: str, Targets: Sequence[Mapping[str, Any]], EventBusName: str = "default", **_: object
    ) -> Json:
        self._bus(EventBusName)[Rule].targets.update({target["Id"]: target["Arn"] for target in Targets})
        return {"FailedEntryCount": 0, "FailedEntries": []}

    def put_events(self, *, Entries: Sequence[Mapping[str, Any]], **_: object) -> Json:
        return {"FailedEntryCount": 0, "Entries": [{"EventId": self._put(entry)} for entry in Entries]}

    def _put(self, entry: Mapping[str, Any]) -> str:
        event_id = f"event-{next(self._numbers)}"
        event = {
            "version": "0",
            "id": event_id,
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": "000000000000",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": "us-east-1",
            "resources": [],
            "detail": json.loads(entry["Detail"]),
        }
        for rule in self._buses.get(entry.get("EventBusName", "default"), {}).values():
            if entry["Source"] in rule.sources:
                for arn in rule.targets.values():
                    self._queues.send_to(arn, json.dumps(event))
        return event_id

    def _bus(self, name: str) -> dict[str, Rule]:
        if name not in self._buses:
            raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
        return self._buses[name]
