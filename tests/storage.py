"""Storage that tests run on: the emulator, or fakes of AWS in this process."""

from __future__ import annotations

from typing import Protocol


class Storage(Protocol):
    """What answers as AWS does."""

    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to talk to it with boto3."""
