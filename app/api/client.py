"""HTTP client of the Tollgate API: one method for each call, and uploads to the presigned address that it gives."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO, TypeAlias
from urllib.parse import quote, urlsplit

import requests

from app.api.connection import Connection, SignForAws
from app.api.errors import ApiProblem, problem_of_answer

CONNECT_TIMEOUT_S = 5.0
UPLOAD_TIMEOUT_S = 300.0

# Called with the share of a file, 0 to 1, that was sent.
Progress: TypeAlias = Callable[[float], None]
ANSWER_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Announced:
    """Where a file can be put, for ``expires_in_s`` seconds."""

    batch_id: str
    url: str
    headers: Mapping[str, str]
    expires_in_s: int


class ProgressReader:
    """File that reports how much of it was read, in steps of a hundredth."""

    def __init__(self, content: BinaryIO, progress: Progress) -> None:
        self._content = content
        self._size = content.seek(0, io.SEEK_END)
        self._report = progress
        self._reported = 0
        content.seek(0)

    def __len__(self) -> int:
        """Return the size in bytes: storage wants to know it beforehand."""
        return self._size

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        chunk = self._content.read(size)
        hundredths = self._content.tell() * 100 // max(self._size, 1)
        if hundredths > self._reported:
            self._reported = hundredths
            self._report(hundredths / 100)
        return chunk


def send_file(announced: Announced, content: BinaryIO, progress: Progress) -> None:
    """Send a file to its presigned address, which carries its own signature; raise ``ApiProblem`` if that fails."""
    body, timeout = ProgressReader(content, progress), (CONNECT_TIMEOUT_S, UPLOAD_TIMEOUT_S)
    try:
        answer = requests.put(announced.url, data=body, headers=announced.headers, timeout=timeout)
    except requests.RequestException as error:
        raise ApiProblem(
            "The upload was interrupted, so nothing was scored: check the network and upload the file again."
        ) from error
    if not answer.ok:
        sentence = f"Storage rejected the file ({answer.status_code}): upload it again; the link may have expired."
        raise ApiProblem(sentence, answer.status_code)


Json: TypeAlias = dict[str, Any]


class Api:
    """One method for each API call of the dashboard. Every method raises ``ApiProblem``.

    ``url`` is the API's address, and the cache key of its answers.
    """

    def __init__(self, connection: Connection, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self.url = connection.url.rstrip("/")
        self._auth = SignForAws(connection.keys) if connection.keys else None
        self._timeout_s = timeout_s

    def detector(self) -> Json:
        """Return the detector's description."""
        return self._ask("GET", "/v1/detector")

    def evaluation(self) -> Json:
        """Return how well the detector's models did on later events."""
        return self._ask("GET", "/v1/detector/evaluation")

    def versions(self, limit: int = 20) -> Json:
        """Return the sealed versions of the detector, newest first."""
        return self._ask("GET", "/v1/detector/versions", parameters={"limit": str(limit)})

    def check_rules(self, rules: Sequence[Json]) -> list[Json]:
        """Return what is wrong or odd about rules."""
        return list(self._ask("POST", "/v1/rules/check", body={"rules": list(rules)})["findings"])

    def try_rules(self, rules: Sequence[Json]) -> Json:
        """Return what rules would have done to past events."""
        return self._ask("POST", "/v1/rules/trial", body={"rules": list(rules)})

    def draft(self) -> Json:
        """Return the draft of the next rules."""
        return self._ask("GET", "/v1/rules/draft")

    def save_draft(self, rules: Sequence[Json], etag: str | None, saved_by: str | None) -> Json:
        """Save the draft in place of the one with this etag, None for the first one; status 412: it is another one."""
        body = {"rules": list(rules), "saved_by": saved_by}
        return self._ask("PUT", "/v1/rules/draft", body=body, headers=_condition(etag))

    def list_page(self, name: str, search: str, limit: int, cursor: str | None) -> Json:
        """Return a page of a list's values."""
        parameters = {"search": search, "limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        return self._ask("GET", f"/v1/lists/{quote(name, safe='')}", parameters=parameters)

    def change_list(self, name: str, add: Sequence[str], remove: Sequence[str], etag: str | None) -> Json:
        """Add and remove values of a list that still has this etag; status 412: somebody else changed it."""
        body = {"add": list(add), "remove": list(remove)}
        return self._ask("PATCH", f"/v1/lists/{quote(name, safe='')}", body=body, headers=_condition(etag))

    def replace_list(self, name: str, values: Sequence[str], etag: str | None) -> Json:
        """Put values in place of all those of a list that still has this etag; status 412: somebody changed it."""
        path = f"/v1/lists/{quote(name, safe='')}"
        return self._ask("PUT", path, body={"values": list(values)}, headers=_condition(etag))

    def decide(self, event: Mapping[str, Any]) -> Json:
        """Have one event decided; return the decision."""
        return self._ask("POST", "/v1/decisions", body={"event": dict(event)})

    def health(self) -> Json:
        """Return the detector and the version that decide; it is the least that the API can be asked."""
        return self._ask("GET", "/v1/healthz")

    def what_if(self, question: Json) -> Json:
        """Return what would be decided on an event and its variants; nothing is recorded."""
        return self._ask("POST", "/v1/what-if", body=question)

    def decision(self, event_id: str, reasons: str = "") -> Json:
        """Return an earlier decision, with its event and label; ``reasons`` are ``top``, ``all``, or as they were."""
        parameters = {"reasons": reasons} if reasons else None
        return self._ask("GET", f"/v1/decisions/{quote(event_id, safe='')}", parameters=parameters)

    def search(self, terms: Mapping[str, str]) -> Json:
        """Return a page of decisions; ``terms`` are those of ``GET /v1/decisions``, empty ones say nothing."""
        return self._ask("GET", "/v1/decisions", parameters={name: term for name, term in terms.items() if term})

    def summaries(self, first: date, last: date) -> Json:
        """Return what the decisions of each day from ``first`` to ``last`` come to; 92 days at most."""
        return self._ask("GET", "/v1/summaries", parameters={"from": first.isoformat(), "to": last.isoformat()})

    def contributions(self) -> Json:
        """Return how much each feature moves scores."""
        return self._ask("GET", "/v1/detector/contributions")

    def dependence(self, feature: str) -> Json:
        """Return how the value of one feature moves scores, and the past events for which it did most."""
        return self._ask("GET", f"/v1/detector/contributions/{quote(feature, safe='')}")

    def label(self, event_id: str, label: str, note: str = "", labelled_by: str = "") -> Json:
        """Say that one event was ``fraud`` or ``legitimate``; return that event's row of the answer."""
        said = {"note": note, "labelled_by": labelled_by}
        given = {"event_id": event_id, "label": label, **{name: text for name, text in said.items() if text}}
        answer = self._ask("POST", "/v1/labels", body={"labels": [given]})
        row: Json = (answer.get("results") or [{"status": "failed", "message": "no answer for this event"}])[0]
        if row.get("status") == "failed":
            raise ApiProblem(f"The label was not saved: {row.get('message') or 'the API gave no reason'}.", 422)
        return row

    def batches(self, limit: int = 20) -> list[Json]:
        """Return the latest batches, newest first."""
        answer = self._ask("GET", "/v1/batches", parameters={"limit": str(limit)})
        return list(answer.get("batches") or [])

    def batch(self, batch_id: str) -> Json:
        """Return one batch, with its summary and downloads once it is done."""
        return self._ask("GET", f"/v1/batches/{quote(batch_id, safe='')}")

    def inbox(self) -> Json:
        """Return the files that were put into the inbox last, newest first."""
        return self._ask("GET", "/v1/inbox")

    def announce_batch(self, filename: str) -> Announced:
        """Return where to upload a file, which is scored as soon as it is there."""
        answer = self._ask("POST", "/v1/batches", body={"filename": filename})
        try:
            upload = answer["upload"]
            headers = {str(name): str(value) for name, value in (upload.get("headers") or {}).items()}
            return Announced(str(answer["batch_id"]), str(upload["url"]), headers, int(answer["expires_in_s"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise _not_understood() from error

    def start_batch(self, filename: str, content: BinaryIO, progress: Progress = lambda _share: None) -> str:
        """Upload a file to be scored and return its batch id; ``progress`` gets the share sent, 0 to 1."""
        announced = self.announce_batch(filename)
        send_file(announced, content, progress)
        return announced.batch_id

    def _ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        timeout = (CONNECT_TIMEOUT_S, self._timeout_s)
        try:
            answer = requests.request(
                method,
                self.url + path,
                json=body,
                params=parameters,
                headers=headers,
                auth=self._auth,
                timeout=timeout,
            )
        except requests.Timeout as error:
            sentence = f"The API did not answer within {self._timeout_s:.0f} seconds: wait a moment and try again."
            raise ApiProblem(sentence) from error
        except requests.RequestException as error:
            host = urlsplit(self.url).netloc or self.url
            sentence = f"The API at {host} cannot be reached: check that it is running and that the address is right."
            raise ApiProblem(sentence) from error
        return _read_answer(answer)


def _read_answer(answer: requests.Response) -> Json:
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not answer.ok:
        # AWS itself writes "Message" at function URLs.
        message = (content.get("message") or content.get("Message")) if isinstance(content, dict) else None
        raise problem_of_answer(answer.status_code, str(message or ""))
    if not isinstance(content, dict):
        raise _not_understood()
    return content


def _condition(etag: str | None) -> dict[str, str]:
    """Return the header that lets a change through only if nobody else made one meanwhile."""
    return {"If-None-Match": "*"} if etag is None else {"If-Match": f'"{etag}"'}


def _not_understood() -> ApiProblem:
    return ApiProblem("The answer is not from Tollgate: check the API URL, and that API and dashboard match.", 200)
