"""What can go wrong between the dashboard and the API, as one error whose text is meant for the screen."""

from __future__ import annotations

from collections.abc import Mapping

ADVICE: Mapping[int, str] = {
    401: "The API asks for signed requests: give this dashboard AWS keys and a region (see app/README.md).",
    403: "The API refused this dashboard: check that its AWS keys are right, current and allowed to call the API.",
    413: "That is more than the API takes in one request (256 KB): send less, or upload a file on the Batch page.",
    429: "The API is busy and asked us to slow down: wait a few seconds and try again.",
}


# What AWS itself says where it does not let a request through, and what that means.
REFUSED: Mapping[str, str] = {
    "security token included in the request is expired": "The AWS session of this dashboard has ended, and its keys "
    "with it: put new ones into its settings (see app/README.md), then try again.",
    "signature expired": "AWS refused the request for its time: set the clock of the machine that runs this dashboard.",
    "signature we calculated does not match": "The AWS keys of this dashboard are wrong: check the secret key, and "
    "that the region is the API's.",
    "security token included in the request is invalid": "AWS does not know the keys of this dashboard: put others "
    "into its settings (see app/README.md), then try again.",
}
# Answers with these statuses, and none at all, may be others a moment later.
_PASSING = (0, 429)


class ApiProblem(Exception):  # noqa: N818 - pages show it as it is
    """The API could not be asked or did not do what was asked; ``str(problem)`` is one sentence with what to do.

    ``status`` is the HTTP status, or 0 where there was no answer at all.
    """

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status

    @property
    def is_overtaken(self) -> bool:
        """Whether somebody else changed meanwhile what was to be changed."""
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
        return ApiProblem(message or "The API does not know this address: check the API URL.", status)
    if status >= 500:
        said = f" It said: {message}" if message else ""
        return ApiProblem(f"The API could not do this just now ({status}): try again in a moment.{said}", status)
    return ApiProblem(message or f"The API did not accept this request ({status}): check the values.", status)
