"""Shared counts of decisions and blocks for the circuit breaker: a small item per detector, in the table of decisions.

Plain updates add to them, apart from the transactions that record decisions. In these, an item that all of them touch
would make them conflict with each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tollgate.adapters.errors import translated
from tollgate.core.decisions.circuit_breaker import Counts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class BlockCountTable:
    """The table in which counts are shared."""

    client: DynamoDBClient
    table: str

    def exchange(self, name: str, added: Counts, stale: Counts, expires_s: float) -> dict[int, tuple[int, int]]:
        """Add span → (decisions, blocks), drop the ``stale`` spans, and return what all have added so far.

        Raises `UnavailableError` when the table does not answer; whether the counts were added is not known then.
        """
        sums = {f"d{span}": pair[0] for span, pair in added.items()} | {f"b{span}": p[1] for span, p in added.items()}
        dropped = [f"{kind}{span}" for span in stale if span not in added for kind in "db"]
        expression = "SET x = :x" + (f" ADD {', '.join(f'{part} :{part}' for part in sums)}" if sums else "")
        request: dict[str, Any] = {
            "TableName": self.table,
            "Key": {"pk": {"S": f"brake#{name}"}},
            "UpdateExpression": expression + (f" REMOVE {', '.join(dropped)}" if dropped else ""),
            "ExpressionAttributeValues": {
                ":x": {"N": str(int(expires_s))},
                **{f":{part}": {"N": str(number)} for part, number in sums.items()},
            },
            "ReturnValues": "ALL_NEW",
        }
        with translated():
            item = self.client.update_item(**request)["Attributes"]
        spans = {int(part[1:]) for part in item if part[0] == "d" and part[1:].isdigit()}
        return {span: (_number(item, f"d{span}"), _number(item, f"b{span}")) for span in spans}


def _number(item: Mapping[str, Any], name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
