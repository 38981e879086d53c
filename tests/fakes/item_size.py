"""DynamoDB billing: the size of an item, and the capacity units to read and write it.

By the Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats" and "DynamoDB on-demand capacity mode". The
hundred bytes that each item takes in storage beyond this count there alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

STORED_OVERHEAD_BYTES = 100
_WRITTEN_BYTES, _READ_BYTES = 1024, 4096


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return the size of an item, given as boto3's client has it: attribute → {type: value}."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return number_bytes(content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _value_bytes(one) for name, one in content.items())
        case "L":
            return 3 + sum(1 + _value_bytes(one) for one in content)
        case "BOOL" | "NULL":
            return 1
    raise ValueError(f"No rule for the size of DynamoDB's type {kind}.")


def number_bytes(number: str) -> int:
    """Return the size of a number: a byte for two digits, zeros at its ends apart, one more, and one for a minus."""
    digits = number.lower().partition("e")[0].lstrip("+-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + number.startswith("-")


def write_units(size_bytes: int, *, together: bool) -> int:
    """Return the units that writing an item takes; in a transaction (``together``) it is written twice."""
    return max(1, math.ceil(size_bytes / _WRITTEN_BYTES)) * (2 if together else 1)


def read_units(size_bytes: int, *, consistent: bool) -> float:
    """Return the units that reading an item takes; one that is not there takes those of the smallest."""
    return max(1, math.ceil(size_bytes / _READ_BYTES)) * (1.0 if consistent else 0.5)
