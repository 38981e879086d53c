"""Table of decisions: one item per event, written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tollgate.adapters.dynamodb.items import Item, fit_key, get_items
from tollgate.core.decisions.decision import Decision
from tollgate.core.decisions.label_note import NO_NOTE, LabelNote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
import json
import zlib

# What was packed can only be read with the very same words, so they may never change: other words need another
# attribute in the table. Names of columns are those usual for payments; an event with others takes some bytes more.
_WORDS = (
    b'"x86_64""aarch64"numpy 2., onnxruntime 1."reasons_approximate":false,"reasons_stability":null,"base_log_odds":'
    b'"contribution":-0.,"sentence":"The payment "fraud_kind":"country":"email":"ip_address":"user_agent":"card_id":'
    b'"account_id":"terminal_id":"ip":"latitude":"longitude":"channel":"currency":"USD","merchant_category":'
    b'"device_id":"merchant_id":"customer_id":"timestamp":"2026-"amount":"customer":"merchant":"device":'
    b'"reasons":[{"name":"Payments of this ","impact":-1{"event_id":"","detector":"payments","detector_version":"2026'
    b'","score":"probability":0.0,"outcome":"approve","rules":[],"lists":[],"decided_at":"2026-T","degraded":null,'
    b'"braked":false,"forced":false,"recorded":true},{"event_id":"'
)
_RAW = -zlib.MAX_WBITS
# Written with a window of 4 KB and little memory: for a record that packs as well, and does not take a quarter of a
# megabyte from the system at every decision. Any window can be read.
_SMALL_RAW, _LITTLE_MEMORY = -12, 5
# Made once: `json.dumps` makes an encoder at every call that asks for more than its defaults.
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# The attribute that a decision has and a waiting label lacks: all of the record that never changes, but for the reads.
_DECIDED = "d"
# The attributes of a label, by what they are called here.
_NOTE_ATTRIBUTES = {"note": "note", "labelled_by": "by"}


def pack_json(content: object) -> bytes:
    """Return JSON content in few bytes; floats keep every bit."""
    packer = zlib.compressobj(wbits=_SMALL_RAW, memLevel=_LITTLE_MEMORY, zdict=_WORDS)
    return packer.compress(_write(content).encode()) + packer.flush()


def unpack_json(packed: bytes) -> Any:  # noqa: ANN401 - whatever was packed
    """Return what `pack_json` was given."""
    return json.loads(zlib.decompressobj(wbits=_RAW, zdict=_WORDS).decompress(packed))


def decision_key(detector: str, event_id: str) -> str:
    """Return the pk of a decision."""
    return fit_key(f"e#{detector}#{event_id}")


@dataclass(frozen=True)
class WaitingLabel:
    """A label that came before its event was decided on; it stands where the decision will. ``known_s`` may be open."""

    label: str
    known_s: float | None = None
    label_note: LabelNote = NO_NOTE

    @classmethod
    def from_item(cls, item: Item) -> WaitingLabel:
        """Rebuild a waiting label from its item."""
        known_s = float(item["known_s"]["N"]) if "known_s" in item else None
        return cls(item["label"]["S"], known_s, _read_label_note(item))


@dataclass(frozen=True)
class DecisionRecord:
    """A stored decision with the event as it came, and what a label needs to change its histories.

    ``excess`` says how far the amount went beyond the usual (`amount_excess`). ``reads`` is what was read from the
    histories (`pack_reads`), and ``runtime`` what it was decided with: with them the decision can be replayed.
    ``let_through`` is False where its outcome kept the event from happening: it does not become legitimate by itself.
    ``reasons`` is what its reasons can be told from again (`Explanation.pins`): the decision is kept without them, as
    their words would take most records over a kilobyte.
    """

    decision: Decision
    event: Mapping[str, Any]
    time_s: float
    space: str
    entities: Mapping[str, str]
    excess: float = 0.0
    label: str | None = None
    known_s: float | None = None
    reads: bytes | None = None
    runtime: str = ""
    reasons: Sequence[Any] | None = None
    label_note: LabelNote = NO_NOTE
    let_through: bool = True

    def to_item(self, detector: str, expires_s: float) -> dict[str, Any]:
        """Return the DynamoDB item: little more than what its label is set by is an attribute of its own."""
        plain = self.decision.to_stored()
        decided = [plain, self.event, self.time_s, self.space, self.entities, self.excess, self.runtime]
        decided += [] if self.reasons is None and self.let_through else [self.reasons]
        decided += [] if self.let_through else [self.let_through]
        item: dict[str, Any] = {
            "pk": {"S": decision_key(detector, self.decision.event_id)},
            _DECIDED: {"B": pack_json(decided)},
            "x": {"N": str(int(expires_s))},
        }
        if self.reads is not None:
            item["reads"] = {"B": self.reads}
        if self.label is not None:
            item |= {
                "label": {"S": self.label},
                "known_s": {"N": repr(self.known_s)},
                **_write_label_note(self.label_note),
            }
        return item

    @classmethod
    def from_item(cls, item: Item) -> DecisionRecord:
        """Rebuild a record from its item."""
        plain, event, time_s, space, entities, excess, runtime, *more = unpack_json(bytes(item[_DECIDED]["B"]))
        return cls(
            decision=Decision.from_stored(plain),
            event=event,
            time_s=time_s,
            space=space,
            entities=entities,
            excess=excess,
            label=item["label"]["S"] if "label" in item else None,
            known_s=float(item["known_s"]["N"]) if "known_s" in item else None,
            reads=bytes(item["reads"]["B"]) if "reads" in item else None,
            runtime=runtime,
            reasons=more[0] if more else None,
            label_note=_read_label_note(item),
            let_through=more[1] if len(more) > 1 else True,
        )


def _read_label_note(item: Item) -> LabelNote:
    return LabelNote(**{name: item[short]["S"] for name, short in _NOTE_ATTRIBUTES.items() if short in item})


def _write_label_note(label_note: LabelNote) -> dict[str, Any]:
    return {_NOTE_ATTRIBUTES[name]: {"S": text} for name, text in label_note.to_json().items() if text}


Found = DecisionRecord | WaitingLabel


def read_found(item: Item | None) -> Found | None:
    """Return what stands under the key of a decision: the decision, a label that waits for it, or nothing."""
    if item is None:
        return None
    return DecisionRecord.from_item(item) if _DECIDED in item else WaitingLabel.from_item(item)


@dataclass(frozen=True)
class DecisionTable:
    """The table of decisions."""

    client: DynamoDBClient
    table: str

    def find(self, detector: str, event_id: str) -> DecisionRecord | None:
        """Return the decision on an event, None if there is none."""
        found = self.look(detector, [event_id])[event_id]
        return found if isinstance(found, DecisionRecord) else None

    def look(self, detector: str, event_ids: Sequence[str]) -> dict[str, Found | None]:
        """Return for each event its decision, a label that waits for it, or None."""
        keys = {event_id: decision_key(detector, event_id) for event_id in event_ids}
        items = get_items(self.client, {self.table: list(keys.values())})[self.table]
        return {event_id: read_found(items.get(pk)) for event_id, pk in keys.items()}

    def put_once(
        self, record: DecisionRecord, detector: str, expires_s: float, waiting: WaitingLabel | None = None
    ) -> dict[str, Any]:
        """Return a Put action that fails if the event has a decision, or if not just this label waits for it."""
        return {"TableName": self.table, "Item": record.to_item(detector, expires_s), **_still(waiting)}

    def let_wait(
        self, detector: str, event_id: str, before: WaitingLabel | None, waiting: WaitingLabel, expires_s: float
    ) -> dict[str, Any]:
        """Return a Put action that lets a label wait; it fails where anything but ``before`` stands for the event."""
        item: dict[str, Any] = {
            "pk": {"S": decision_key(detector, event_id)},
            "label": {"S": waiting.label},
            "x": {"N": str(int(expires_s))},
            **_write_label_note(waiting.label_note),
        }
        if waiting.known_s is not None:
            item["known_s"] = {"N": repr(waiting.known_s)}
        return {"TableName": self.table, "Item": item, **_still(before)}

    def set_label(self, detector: str, event_id: str, before: DecisionRecord, after: DecisionRecord) -> dict[str, Any]:
        """Return an Update action that sets the label of ``after``, and fails if it is no longer that of ``before``."""
        unchanged = "#label = :before AND known_s = :known_before" if before.label else "attribute_not_exists(#label)"
        said = _write_label_note(after.label_note)
        # Names of attributes that DynamoDB keeps for itself have to stand behind a #.
        names = {f"#{name}": name for name in ("label", *_NOTE_ATTRIBUTES.values())}
        values = {":label": {"S": after.label}, ":known": {"N": repr(after.known_s)}}
        values |= {f":{name}": text for name, text in said.items()}
        to_set = ["#label = :label", "known_s = :known", *(f"#{name} = :{name}" for name in said)]
        to_remove = [f"#{name}" for name in _NOTE_ATTRIBUTES.values() if name not in said]
        if before.label:
            values |= {":before": {"S": before.label}, ":known_before": {"N": repr(before.known_s)}}
        return {
            "TableName": self.table,
            "Key": {"pk": {"S": decision_key(detector, event_id)}},
            "UpdateExpression": f"SET {', '.join(to_set)}" + (f" REMOVE {', '.join(to_remove)}" if to_remove else ""),
            "ConditionExpression": f"attribute_exists(pk) AND {unchanged}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }


def _still(waiting: WaitingLabel | None) -> dict[str, Any]:
    """Return the condition that there is no decision, and just this waiting label or none."""
    if waiting is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    known = "attribute_not_exists(known_s)" if waiting.known_s is None else "known_s = :known"
    values = {":label": {"S": waiting.label}}
    if waiting.known_s is not None:
        values[":known"] = {"N": repr(waiting.known_s)}
    return {
        "ConditionExpression": f"attribute_not_exists({_DECIDED}) AND #label = :label AND {known}",
        "ExpressionAttributeNames": {"#label": "label"},
        "ExpressionAttributeValues": values,
    }
