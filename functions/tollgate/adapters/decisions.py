"""Decisions in DynamoDB: one item an event, written once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tollgate.adapters.items import Item, fit_key, get_items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


# Made once: `json.dumps` makes an encoder at every call that asks for more than its defaults.
_write_ascii = json.JSONEncoder(separators=(",", ":")).encode
_write_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def decision_key(detector: str, event_id: str) -> str:
    """Return the pk of a decision."""
    return fit_key(f"e#{detector}#{event_id}")


@dataclass(frozen=True)
class DecisionRecord:
    """A stored decision: what was answered, the event as it came, and what a label needs to change its histories.

    ``excess`` says how far the amount went beyond the usual (`judge_amounts`).
    """

    answer: Mapping[str, Any]
    event: Mapping[str, Any]
    time_s: float
    space: str
    entities: Mapping[str, str]
    excess: float = 0.0
    label: str | None = None
    known_s: float | None = None

    def to_item(self, detector: str, expires_s: float) -> dict[str, Any]:
        """Return the DynamoDB item."""
        return {
            "pk": {"S": decision_key(detector, str(self.answer["event_id"]))},
            "answer": {"S": _write_ascii(self.answer)},
            "event": {"S": _write_text(self.event)},
            "time_s": {"N": repr(self.time_s)},
            "space": {"S": self.space},
            "entities": {"M": {entity: {"S": key} for entity, key in self.entities.items()}},
            "excess": {"N": repr(self.excess)},
            "x": {"N": str(int(expires_s))},
        }

    @classmethod
    def from_item(cls, item: Item) -> DecisionRecord:
        """Rebuild a record from its item."""
        return cls(
            answer=json.loads(item["answer"]["S"]),
            event=json.loads(item["event"]["S"]),
            time_s=float(item["time_s"]["N"]),
            space=item["space"]["S"],
            entities={entity: key["S"] for entity, key in item["entities"]["M"].items()},
            excess=float(item["excess"]["N"]),
            label=item["label"]["S"] if "label" in item else None,
            known_s=float(item["known_s"]["N"]) if "known_s" in item else None,
        )


@dataclass(frozen=True)
class DecisionTable:
    """The table of decisions."""

    client: DynamoDBClient
    table: str

    def find(self, detector: str, event_id: str) -> DecisionRecord | None:
        """Return the decision on an event, None if there is none."""
        pk = decision_key(detector, event_id)
        item = get_items(self.client, {self.table: [pk]})[self.table].get(pk)
        return DecisionRecord.from_item(item) if item else None

    def put_once(self, record: DecisionRecord, detector: str, expires_s: float) -> dict[str, Any]:
        """Return a Put action that fails if the event already has a decision."""
        return {
            "TableName": self.table,
            "Item": record.to_item(detector, expires_s),
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def set_label(
        self, detector: str, event_id: str, before: DecisionRecord, label: str, known_s: float
    ) -> dict[str, Any]:
        """Return an Update action that sets a label, and fails if it is no longer what ``before`` says."""
        unchanged = "#label = :before AND known_s = :known_before" if before.label else "attribute_not_exists(#label)"
        values = {":label": {"S": label}, ":known": {"N": repr(known_s)}}
        if before.label:
            values |= {":before": {"S": before.label}, ":known_before": {"N": repr(before.known_s)}}
        return {
            "TableName": self.table,
            "Key": {"pk": {"S": decision_key(detector, event_id)}},
            "UpdateExpression": "SET #label = :label, known_s = :known",
            "ConditionExpression": f"attribute_exists(pk) AND {unchanged}",
            "ExpressionAttributeNames": {"#label": "label"},
            "ExpressionAttributeValues": values,
        }
