"""Writers whose process ends at the worst of moments."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from typing import Any

from tollgate.services.container import Container


class KilledError(BaseException):
    """The process ends here: nothing that catches errors gets to see it."""


class FragileClient:
    """A DynamoDB client whose process ends at random before, or just after, a transaction; otherwise the real one."""

    def __init__(self, client: Any, chance: float, seed: int) -> None:  # noqa: ANN401 - any client
        self._client = client
        self._chance = chance
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:  # noqa: ANN401 - as the real one
        with self._lock:
            dies, afterward = self._random.random() < self._chance, self._random.random() < 0.5
        if dies and not afterward:
            raise KilledError
        answer = self._client.transact_write_items(**request)
        if dies:
            raise KilledError
        return answer


def fragile(container: Container, chance: float, seed: int) -> Container:
    """Return the same storage in the hands of a writer who is killed in ``chance`` of all transactions."""
    client: Any = FragileClient(container.decisions.client, chance, seed)
    return replace(
        container,
        decisions=replace(container.decisions, client=client),
        histories=replace(container.histories, client=client),
    )
