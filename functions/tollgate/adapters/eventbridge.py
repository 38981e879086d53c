"""EventBridge client: puts events about decisions and scored files on a bus."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from tollgate.adapters.errors import error_code

SOURCE = "tollgate"
_log = logging.getLogger(__name__)


class EventsClient(Protocol):
    """The part of boto3's client that is used."""

    def put_events(self, *, Entries: list[dict[str, Any]]) -> Mapping[str, Any]:
        """Put up to ten events on a bus."""


@dataclass(frozen=True)
class EventBus:
    """An event bus by its name; without one, nothing is put. ``connect`` is called for the first event."""

    name: str
    connect: Callable[[], EventsClient]

    def put(self, kind: str, detail: Mapping[str, Any]) -> bool:
        """Put an event with the detail-type ``kind``; return whether that worked or nobody asked. Never raises.

        The decision stands already, so nothing that happens to the event may undo it.
        """
        if not self.name:
            return True
        entry = {
            "Source": SOURCE,
            "DetailType": kind,
            "Detail": json.dumps(detail, ensure_ascii=False, separators=(",", ":")),
            "EventBusName": self.name,
        }
        try:
            answer = self.connect().put_events(Entries=[entry])
        except ClientError as error:
            _log.error("EventBridge did not take an event: %s", error_code(error))
            return False
        except BotoCoreError as error:
            _log.error("EventBridge did not take an event: %s", type(error).__name__)
            return False
        if answer["FailedEntryCount"]:
            _log.error("EventBridge did not take an event: %s", answer["Entries"][0].get("ErrorCode"))
            return False
        return True
