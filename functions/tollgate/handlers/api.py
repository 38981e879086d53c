"""HTTP handler: the fast path answers a request for a decision, the web framework everything else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from tollgate.handlers.http_api.fast_path import answer_directly
from tollgate.observability import set_up_logging
from tollgate.services.container import prepare

if TYPE_CHECKING:
    from mangum import Mangum

set_up_logging()
prepare()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - as Mangum takes it
    """Answer a request of the HTTP API or of the function's URL."""
    return answer_directly(event) or _by_the_framework()(event, context)


@cache
def _by_the_framework() -> Mangum:
    from tollgate.handlers.http_api.app import handle  # noqa: PLC0415 - it takes longer to load than all of the rest

    return handle
