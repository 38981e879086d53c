"""Errors of API calls, as one exception whose text is shown to the reader."""

from __future__ import annotations

from collections.abc import Mapping

ADVICE: Mapping[int, str] = {
    401: "The API requires signed requests: add AWS keys and a region to this dashboard's settings (app/README.md).",
    403: "The API denied access: check that this dashboard's AWS keys are valid and allowed to call the API.",
    413: "The request is larger than the API accepts (256 KB): send less, or upload a file on the Batch page.",
    429: "The API is busy: wait a few seconds and try again.",
}


# Messages with which AWS itself rejects a request, and what they mean.
REFUSED: Mapping[str, str] = {
    "security token included in the request is expired": "This dashboard's AWS session has expired: put new keys into "
    "its settings (see app/README.md), then try again.",
    "signature expired": "AWS rejected the time of the request: set the clock of the computer running this dashboard.",
    "signature we calculated does not match": "This dashboard's AWS keys are wrong: check the secret key and the "
    "region.",
    "security token included in the request is invalid": "AWS does not recognize this dashboard's keys: put valid keys "
    "into its settings (see app/README.md), then try again.",
}
# The same request may succeed a moment later with these statuses, and without an answer (0).
_PASSING = (0, 429)


class ApiProblem(Exception):  # noqa: N818 - pages show it as it is
    """A call that got no answer or was refused; ``str(problem)`` is one sentence that says what to do.

    ``status`` is the HTTP status, or 0 where there was no answer at all.
    """

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody else changed the same thing in the meantime."""
        return self.status == 412

    @property
    def is_passing(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.status in _PASSING or self.status >= 500


def problem_of_answer(status: int, message: str) -> ApiProblem:
    """Return the problem that an answer with an error status means; ``message`` is the API's own text, or empty."""
    if status in (401, 403):
        known = (advice for said, advice in REFUSED.items() if said in message.lower())
        return ApiProblem(next(known, ADVICE[status]), status)
    if status in ADVICE:
        return ApiProblem(ADVICE[status], status)
    if status == 404:
        return ApiProblem(message or "The API has nothing at this address: check the API URL.", status)
    if status >= 500:
        said = f" API message: {message}" if message else ""
        return ApiProblem(f"The API failed to process the request ({status}): try again in a moment.{said}", status)
    return ApiProblem(message or f"The API rejected this request ({status}): check the values.", status)
